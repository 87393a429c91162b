"""What the application takes from this room: its pages, and what the worker works out later."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import flask

from idp.admission import (
    email_pages,
    invitation_pages,
    links,
    recovery,
    recovery_pages,
    registration,
    registration_pages,
    reset_pages,
)
from idp.context import RequestContext

BLUEPRINTS: tuple[flask.Blueprint, ...] = (
    links.bp,
    recovery_pages.bp,
    invitation_pages.bp,
    reset_pages.bp,
    registration_pages.bp,
    email_pages.bp,
)
HANDLERS: Mapping[str, Callable[[RequestContext, dict[str, str]], None]] = MappingProxyType(
    {recovery.KIND: recovery.answer, registration.KIND: registration.answer}
)
