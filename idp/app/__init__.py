"""Composition: the one place that knows every room of the server."""

from idp.app.composition import compose
from idp.app.factory import create_app

__all__ = ["compose", "create_app"]
