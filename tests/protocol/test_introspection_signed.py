"""The signed introspection answer (RFC 9701): asked for by name, and nobody's token."""

import pytest

from tests.app import ISSUER, RelyingParty, claims_of, header_of
from tests.protocol.asking import API, DEAD, api, app, told
from tests.protocol.parties import party, token_error, verified
from tests.protocol.refreshing import BOTH, refresh
from tests.support.spec import spec

__all__ = ["api", "app"]
JWT = "application/token-introspection+jwt"


def signed(rp: RelyingParty, token: str, accept: str = JWT) -> str:
    answer = rp.introspect(token, accept=accept)
    assert (answer.status_code, answer.content_type) == (200, JWT)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_data(as_text=True)


@spec("RFC 9701 §4", "RFC 9701 §5")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256"])
def test_the_answer_is_signed_where_that_is_asked_for(provider, app, algorithm):
    api = party(
        provider, audiences=(API,), introspection_signed_response_alg=algorithm, first_party=True
    )
    token = app.sign_in(resource=API)["access_token"]

    answer = signed(api, token)

    assert header_of(answer)["typ"] == "token-introspection+jwt"
    claims = verified(provider, answer, algorithm).claims
    # No `sub` and no `exp` beside these: it is nobody's token (§8.1).
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert (claims["iss"], claims["aud"]) == (ISSUER, api.client_id)
    assert claims["iat"] == int(provider.clock.now.timestamp())
    assert claims["token_introspection"] == told(api, token)


@spec("RFC 9701 §5")
def test_the_signed_answer_about_everything_else_says_one_word(provider, app, api):
    for token in (app.sign_in()["access_token"], "garbage"):
        assert claims_of(signed(api, token))["token_introspection"] == DEAD


@spec("RFC 9701 §8.1")
def test_a_signed_answer_is_a_token_nowhere(provider, app):
    app.registered = party(
        provider, grant_types=BOTH, introspection_signed_response_alg="ES256"
    ).registered
    answer = signed(app, app.sign_in()["access_token"])

    assert app.userinfo(answer).status_code == 401
    assert told(app, answer) == DEAD
    assert app.revoke(answer).status_code == 200
    assert token_error(refresh(app, answer)) == (400, "invalid_grant")
    hinted = app.get(f"/logout?id_token_hint={answer}")
    assert b'id="page-logout"' in hinted.data


@spec("RFC 9110 §12.5.1")
@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html", "application/json"),
        (f"application/json, {JWT};q=0.5", "application/json"),
        (f"{JWT};q=0, */*", "application/json"),
        (f"{JWT}, application/json;q=0.9", JWT),
        (f"application/json, {JWT}", JWT),
        (JWT.upper(), JWT),
        (";;,=,,q=é", "application/json"),
    ],
)
def test_the_signed_answer_goes_to_who_asks_for_it_by_name(api, accept, content_type):
    answer = api.introspect("x", accept=accept)

    assert answer.content_type == content_type
