"""POST /revoke: a client gives back what it was given, and it is void before we answer."""

import pytest

from idp.protocol.clients import service as clients
from idp.store.schema import revoked_tokens
from tests.app import ISSUER, Provider, RelyingParty, claims_of
from tests.protocol.parties import end_session, party, session_of, token_error
from tests.protocol.refreshing import BOTH, GRANT, refresh
from tests.support.spec import spec


@pytest.fixture
def app(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH)


def ends(provider: Provider) -> list[tuple[str, str]]:
    """What was taken back, and why."""
    names = ("grant.ended", "access_token.revoked")
    return [(e.name, e.data["reason"]) for e in provider.audit() if e.name in names]


def revoked(rp: RelyingParty, token: str, **form: str | None) -> None:
    response = rp.revoke(token, **form)
    assert (response.status_code, response.get_json()) == (200, {})
    assert response.headers["Cache-Control"] == "no-store"


@spec("RFC 7009 §2.1")
def test_a_refresh_token_takes_its_whole_family_with_it(provider, app):
    first = app.sign_in()
    second = refresh(app, first["refresh_token"]).get_json()

    revoked(app, second["refresh_token"])

    for bought in (first, second):
        assert token_error(refresh(app, bought["refresh_token"])) == GRANT
        assert app.userinfo(bought["access_token"]).status_code == 401
    assert ends(provider) == [("grant.ended", "client_revoked")]


@spec("RFC 7009 §2.1")
def test_a_refresh_token_that_was_replaced_long_ago_does_so_too(provider, app):
    """Its client wants to be rid of it; that it is an old one alarms nobody."""
    first = app.sign_in()["refresh_token"]
    token = first
    for _ in range(3):
        token = refresh(app, token).get_json()["refresh_token"]

    revoked(app, first)

    assert token_error(refresh(app, token)) == GRANT
    assert ends(provider) == [("grant.ended", "client_revoked")]
    assert "refresh_token.reused" not in provider.event_names()


def test_another_family_of_the_same_session_lives_on(app):
    mine, other = app.sign_in(), app.sign_in()

    revoked(app, mine["refresh_token"])

    assert refresh(app, other["refresh_token"]).status_code == 200


@spec("RFC 7009 §2.1")
@pytest.mark.parametrize("kind", ["jwt", "opaque"])
def test_an_access_token_goes_alone(provider, kind):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, access_token_format=kind)
    first = rp.sign_in()
    second = refresh(rp, first["refresh_token"]).get_json()

    revoked(rp, first["access_token"])

    assert rp.userinfo(first["access_token"]).status_code == 401
    assert rp.introspect(first["access_token"]).get_json() == {"active": False}
    assert rp.userinfo(second["access_token"]).status_code == 200
    assert refresh(rp, second["refresh_token"]).status_code == 200
    assert ends(provider) == [("access_token.revoked", "client_revoked")]


def test_what_is_kept_of_a_revoked_access_token_is_kept_until_it_expires(provider, app):
    claims = claims_of(token := app.sign_in()["access_token"])

    revoked(app, token)

    with provider.context() as ctx:
        ((jti, expires_at),) = ctx.db.read(revoked_tokens.select())
    assert (jti, expires_at.timestamp()) == (claims["jti"], claims["exp"])


@spec("RFC 6749 §4.4")
def test_what_a_client_got_for_itself_can_be_given_back(provider):
    rp = party(provider, grant_types=("client_credentials",), scope=("api",), redirect_uris=())
    mine, other = (
        rp.token(grant_type="client_credentials").get_json()["access_token"] for _ in range(2)
    )

    revoked(rp, mine)

    assert rp.introspect(mine).get_json() == {"active": False}
    assert rp.introspect(other).get_json()["active"] is True


def test_a_code_takes_what_it_would_buy_or_has_bought_with_it(provider, app):
    code = app.code()

    revoked(app, code)

    assert token_error(app.redeem(code)) == GRANT
    code = app.code()
    bought = app.redeem(code).get_json()
    revoked(app, code)
    assert token_error(refresh(app, bought["refresh_token"])) == GRANT
    assert app.userinfo(bought["access_token"]).status_code == 401
    assert ends(provider) == [("grant.ended", "client_revoked")] * 2


def test_a_used_code_without_a_secret_beside_it_takes_nothing(provider):
    """Codes stand in logs and histories, and the id of a client without a secret is no secret."""
    provider.add_user()
    rp = party(provider, grant_types=BOTH, token_endpoint_auth_method="none")
    fresh, code = rp.code(), rp.code()
    bought = rp.redeem(code).get_json()

    revoked(rp, code)
    revoked(rp, fresh)

    assert rp.userinfo(bought["access_token"]).status_code == 200
    assert refresh(rp, bought["refresh_token"]).status_code == 200
    assert token_error(rp.redeem(fresh)) == GRANT
    assert ends(provider) == [("grant.ended", "client_revoked")]


@spec("RFC 7009 §2.1", "RFC 7009 §2.2")
def test_a_client_without_secret_revokes_by_its_name(provider):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, token_endpoint_auth_method="none")
    token = rp.sign_in()["refresh_token"]

    revoked(rp, token)

    assert token_error(refresh(rp, token)) == GRANT


@spec("RFC 7009 §2.1")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "saml2_token", "", None])
def test_a_hint_changes_nothing(app, hint):
    bought = app.sign_in()

    revoked(app, bought["access_token"], token_type_hint=hint)
    assert app.userinfo(bought["access_token"]).status_code == 401
    revoked(app, bought["refresh_token"], token_type_hint=hint)
    assert token_error(refresh(app, bought["refresh_token"])) == GRANT


@spec("RFC 7009 §2.2")
def test_what_is_void_already_is_answered_alike_and_recorded_once(provider, app):
    bought = app.sign_in()

    for _ in range(3):
        revoked(app, bought["access_token"])
    for _ in range(3):
        revoked(app, bought["refresh_token"])

    assert ends(provider) == [
        ("access_token.revoked", "client_revoked"),
        ("grant.ended", "client_revoked"),
    ]


@spec("RFC 7009 §2.2")
def test_what_was_never_ours_or_cannot_be_taken_back_is_answered_alike(provider, app):
    bought = app.sign_in()
    forged = bought["refresh_token"][:-1] + ("A" if bought["refresh_token"][-1] != "A" else "B")
    before = provider.event_names()

    for token in ("garbage", forged, bought["id_token"], "idp_at_AAAA", "idp_ac_" + "A" * 65):
        revoked(app, token)

    assert provider.event_names() == before
    assert app.userinfo(bought["access_token"]).status_code == 200
    assert refresh(app, bought["refresh_token"]).status_code == 200


def test_an_expired_access_token_leaves_nothing_behind(provider, app):
    token = app.sign_in()["access_token"]
    provider.clock.forward(minutes=6)

    revoked(app, token)

    assert ends(provider) == []


def test_a_family_whose_session_is_over_can_still_be_ended(provider, app):
    token = app.sign_in()["refresh_token"]
    end_session(provider, session_of(provider))

    revoked(app, token)

    assert ends(provider)[-1] == ("grant.ended", "client_revoked")


@spec("RFC 7009 §2.1")
def test_what_was_issued_to_another_client_is_refused_and_lives_on(provider, app):
    code, bought = app.code(), app.sign_in()
    stranger = party(provider, grant_types=BOTH)

    for token in (bought["refresh_token"], bought["access_token"], code):
        assert token_error(stranger.revoke(token)) == GRANT

    assert app.userinfo(bought["access_token"]).status_code == 200
    assert refresh(app, bought["refresh_token"]).status_code == 200
    assert app.redeem(code).status_code == 200
    assert ends(provider) == []
    reasons = [e.data["reason"] for e in provider.audit() if e.name == "grant.refused"]
    assert reasons == ["other_client"] * 3


def test_whoever_shows_a_foreign_token_does_not_learn_whether_it_lives(provider, app):
    bought = app.sign_in()
    stranger = party(provider, grant_types=BOTH)
    alive = [stranger.revoke(bought[kind]) for kind in ("refresh_token", "access_token")]

    revoked(app, bought["refresh_token"])
    provider.clock.forward(minutes=6)
    dead = [stranger.revoke(bought[kind]) for kind in ("refresh_token", "access_token")]

    for before, after in zip(alive, dead, strict=True):
        assert before.get_data() == after.get_data()
        assert (before.status, list(before.headers)) == (after.status, list(after.headers))


@spec("RFC 7009 §2.1", "RFC 6749 §5.2")
def test_a_wrong_secret_takes_nothing_back(app):
    token = app.sign_in()["refresh_token"]
    browser = app.provider.browser()

    for form in ({}, {"client_id": app.client_id}, {"client_id": "x", "client_secret": "y"}):
        answer = browser.post("/revoke", data={"token": token} | form, base_url=ISSUER)
        assert token_error(answer) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")

    assert refresh(app, token).status_code == 200


def test_a_disabled_client_takes_nothing_back_for_nothing_is_left(provider, app):
    token = app.sign_in()["refresh_token"]
    with provider.context() as ctx:
        clients.disable(ctx, app.client_id)

    assert token_error(app.revoke(token)) == (401, "invalid_client")


@spec("RFC 7009 §2.1", "RFC 6749 §3.2")
def test_a_request_without_a_readable_token_is_refused(app):
    token = app.sign_in()["refresh_token"]
    browser, basic = app.provider.browser(), app.basic()
    asked = [
        browser.post("/revoke", data={}, headers=basic, base_url=ISSUER),
        browser.post("/revoke", json={"token": token}, headers=basic, base_url=ISSUER),
        browser.post("/revoke", data={"token": [token, token]}, headers=basic, base_url=ISSUER),
        browser.post(f"/revoke?token={token}", data={}, headers=basic, base_url=ISSUER),
    ]

    assert {token_error(answer) for answer in asked} <= {
        (400, "invalid_request"),
        (401, "invalid_client"),
    }
    assert browser.get(f"/revoke?token={token}", base_url=ISSUER).status_code == 405
    assert refresh(app, token).status_code == 200


@spec("RFC 7009 §2.3")
def test_browser_apps_may_ask(app):
    origin = {"Origin": "https://spa.example.test"}
    preflight = app.browser.open("/revoke", method="OPTIONS", base_url=ISSUER, headers=origin)

    assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
    for answer in (preflight, app.revoke("x"), app.browser.post("/revoke", base_url=ISSUER)):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
