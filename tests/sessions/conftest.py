"""Another process over the same database."""

from tests.protocol.conftest import sibling

__all__ = ["sibling"]
