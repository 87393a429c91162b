"""Errors as pages: what happened, what to do, and a reference that an operator can look up."""

import flask
import structlog
from werkzeug.exceptions import HTTPException

from idp.kernel.encoding import json_bytes
from idp.kernel.errors import IdpError, Unavailable
from idp.web.context import ACTORS, request_context
from idp.web.csrf import ForeignForm
from idp.web.pages import page
from idp.web.words import gettext as _

log = structlog.get_logger("idp")


def error_page(
    error: IdpError,
    *,
    title: str,
    message: str,
    advice: str | None = None,
    return_url: str | None = None,
    return_label: str | None = None,
) -> flask.Response:
    """Return the page of a refusal, and leave its private detail in the log."""
    note(error)
    return page(
        "error",
        status=error.status,
        title=title,
        message=message,
        advice=advice,
        return_url=return_url,
        return_label=return_label,
    )


def note(error: IdpError) -> None:
    """Log a refusal under the request's reference; the detail never reaches an answer."""
    log.info(
        "refused",
        kind=type(error).__name__,
        detail=error.detail,
        reference=request_context().reference,
        path=flask.request.path,
    )


def refused(error: IdpError) -> flask.Response:
    """Show a refusal that no room has better words for."""
    if isinstance(error, ForeignForm):
        return error_page(
            error,
            title=_("This form is no longer valid"),
            message=_("The page was open for too long, or cookies are blocked in this browser."),
            advice=_("Go back, reload the page and try again."),
        )
    if isinstance(error, Unavailable):
        return error_page(
            error,
            title=_("We are not available at the moment"),
            message=_("Nothing was changed. Please try again in a minute."),
        )
    return error_page(
        error,
        title=_("This does not work any more"),
        message=_("The page that you came from is out of date."),
        advice=_("Go back to the application and start again from there."),
        return_url="/account",
        return_label=_("Go to my account"),
    )


def http_error(error: HTTPException) -> flask.Response:
    """Show what Flask and Werkzeug refuse, in our clothes and without an echo."""
    status = error.code or 500
    if flask.request.path in ACTORS:
        return _for_programs(error)
    titles = {
        404: _("There is nothing here"),
        405: _("This address does not work this way"),
        413: _("That is too much at once"),
    }
    response = page(
        "error",
        status=status,
        title=titles.get(status, _("This request cannot be answered")),
        message=_("The address may be mistyped, or the page may have moved."),
        advice=None,
        return_url="/",
        return_label=_("Go to my account"),
    )
    if error.code == 405 and (allow := error.get_response().headers.get("Allow")):
        response.headers["Allow"] = allow
    return response


def _for_programs(error: HTTPException) -> flask.Response:
    """Answer those who read JSON in JSON (RFC 6749 §5.2)."""
    description = "The request cannot be read, or not by this method."
    body = {"error": "invalid_request", "error_description": description}
    response = flask.Response(json_bytes(body), error.code, content_type="application/json")
    if allow := error.get_response().headers.get("Allow"):
        response.headers["Allow"] = allow
    return response


def crash(error: Exception) -> flask.Response:
    """Show that it is our fault, log why, and roll back."""
    log_crash(error)
    return page(
        "error",
        status=500,
        title=_("Something went wrong on our side"),
        message=_("Nothing was changed. Please try again."),
        advice=_("If it happens again, tell the people who run this service the reference below."),
        return_url=None,
        return_label=None,
    )


def log_crash(error: Exception) -> None:
    """Leave the traceback where an operator finds it by the reference."""
    log.error("crash", reference=request_context().reference, exc_info=error)
