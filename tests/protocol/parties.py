"""Clients, browsers and judges for the protocol tests."""

import re
from typing import Any

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from idp.sessions import service as sessions
from idp.store import users
from tests.app import CALLBACK, ISSUER, Provider, RelyingParty, link_of

SECRET_COOKIE = "__Host-idp_session"
# What RFC 6749 §4.1.2.1 and §5.2 allow in error_description.
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+\Z")


def party(provider: Provider, browser: FlaskClient | None = None, **metadata: Any) -> RelyingParty:
    """Register another client; it shares `browser` or has one of its own."""
    registered = provider.add_client(**metadata)
    redirect_uris = metadata.get("redirect_uris", (CALLBACK,))
    uri = redirect_uris[0] if redirect_uris else CALLBACK
    return RelyingParty(provider, registered, browser or provider.browser(), uri)


def page_of(response: TestResponse) -> str:
    """Return which hosted page this is; "" when it is none."""
    found = re.search(r'id="page-([a-z-]+)"', response.get_data(as_text=True))
    return found[1] if found else ""


def refused(rp: RelyingParty, response: TestResponse) -> str:
    """Return the error that went home to the client; it is sound in every other respect."""
    answer = rp.answer(response)
    assert set(answer) <= {"error", "error_description", "state", "iss"}
    assert DESCRIPTION.match(answer["error_description"])
    assert answer["iss"] == ISSUER
    return answer["error"]


def token_error(response: TestResponse) -> tuple[int, str]:
    """Return status and code of a refusal by JSON; it is sound in every other respect."""
    answer = response.get_json()
    assert set(answer) == {"error", "error_description"}
    assert DESCRIPTION.match(answer["error_description"])
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, answer["error"]


def reasons(provider: Provider) -> list[str]:
    """Return why grants were refused, as an operator reads it in the audit log."""
    return [e.data["reason"] for e in provider.audit() if e.name == "grant.refused"]


def jwks(provider: Provider) -> dict[str, Any]:
    return dict(provider.browser().get("/jwks", base_url=ISSUER).get_json())


def verified(provider: Provider, token: str, algorithm: str) -> jwt.Token:
    """Verify a token as a client does: by the served JWK Set and one algorithm."""
    keys = KeySet.import_key_set(jwks(provider))
    return jwt.decode(token, keys, algorithms=[algorithm])


def session_of(provider: Provider) -> str:
    """Return the `sid` of the newest session."""
    return [e.sid for e in provider.audit() if e.name == "session.opened"][-1]


def end_session(provider: Provider, sid: str) -> None:
    with provider.context() as ctx:
        assert sessions.end(ctx, sid, because="admin")


def disable(provider: Provider, user_id: str) -> None:
    with provider.context() as ctx:
        assert users.change(ctx.db, user_id, ctx.now, disabled_at=ctx.now)


def log_in_as_another(
    rp: RelyingParty, page: TestResponse, username: str, password: str
) -> TestResponse:
    """Leave the account that the page proposes and sign in with another one."""
    return rp.log_in(rp.get(link_of(page, "switch-account")), username, password)
