"""The context of the current HTTP request: made at the edge, committed behind the answer.

Answers commit, crashes roll back: the transaction is committed after the response is built when
its status is below 500, and forgotten otherwise.
"""

import base64
import secrets

import flask

from idp.context import Origin, RequestContext
from idp.kernel.clock import system_clock
from idp.kernel.registry import Registry
from idp.settings import Settings
from idp.store.database import Database
from idp.surroundings.hints import hints_of

_FAILED = 500
ACTORS = dict.fromkeys(
    (
        *("/token", "/userinfo", "/introspect", "/revoke"),
        *("/admin/revocations", "/global-token-revocation"),
    ),
    "client",
)
_USER_AGENT_KEPT = 300
# A socket without addresses; nobody's own requests, which come from nowhere, are told from it.
_NO_ADDRESS = "unknown"


class ClockReading:
    """The clock that the edge reads, once per request; tests put theirs here."""

    def __init__(self) -> None:
        self.read = system_clock


def new_reference() -> str:
    """Return a short reference that a person can read out on the telephone."""
    return base64.b32encode(secrets.token_bytes(5)).decode()


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:_USER_AGENT_KEPT]


def request_context() -> RequestContext:
    """Return the context of this request, making it at the first call."""
    ctx: RequestContext | None = flask.g.get("idp_context")
    if ctx is None:
        house: Registry = flask.current_app.extensions["idp"]
        ctx = flask.g.idp_context = RequestContext(
            now=house.get(ClockReading).read(),
            db=house.get(Database).transaction(),
            settings=house.get(Settings),
            origin=Origin(
                address=flask.request.remote_addr or _NO_ADDRESS,
                user_agent=_printable(flask.request.headers.get("User-Agent", "")),
                hints=hints_of(flask.request.headers.get),
            ),
            reference=new_reference(),
            actor=ACTORS.get(flask.request.path, "user"),
            house=house,
        )
    return ctx


def commit(response: flask.Response) -> None:
    """Make the request's changes last, or forget them when the answer is a crash.

    Raises:
        Unavailable: the database did not take the commit.
    """
    ctx: RequestContext | None = flask.g.get("idp_context")
    if ctx is not None:
        (ctx.db.commit if response.status_code < _FAILED else ctx.db.rollback)()


def close(error: BaseException | None) -> None:
    """Give the connection back."""
    del error
    ctx: RequestContext | None = flask.g.pop("idp_context", None)
    if ctx is not None:
        ctx.db.close()
