"""What an operator learns about any token of ours: alive or not, and why not."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete

from idp.audit import record
from idp.audit.upkeep_events import KeyRemoved
from idp.kernel.encoding import b64url
from idp.protocol.clients import service as clients
from idp.protocol.inspection import words
from idp.protocol.keys import revocation as keys
from idp.store.schema import grants, signing_keys
from tests.app import ISSUER, Provider, RelyingParty, header_of
from tests.protocol.looking import look, taken, why
from tests.protocol.parties import SECRET_COOKIE, end_session, party, session_of
from tests.protocol.refreshing import BOTH, GRANT, OFFLINE, refresh, refreshed, refused
from tests.support.spec import spec


@pytest.fixture
def app(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, scope=OFFLINE)


# Alive


@pytest.mark.parametrize(
    ("metadata", "form"), [({}, "jwt"), ({"access_token_format": "opaque"}, "opaque")]
)
def test_a_live_access_token_is_told_in_full(provider, metadata, form):
    user = provider.add_user()
    rp = party(provider, grant_types=BOTH, **metadata)
    bought = rp.sign_in(scope="openid profile")

    said = look(provider, bought["access_token"])

    assert (said["alive"], said["reasons"], said["verified"]) == (True, [], True)
    assert (said["kind"], said["form"]) == ("access_token", form)
    assert (said["user_id"], said["username"]) == (user.id, "ada")
    assert (said["client_id"], said["client_name"]) == (rp.client_id, "Example App")
    assert said["sid"] == session_of(provider)
    assert (said["scope"], said["audience"]) == (["openid", "profile"], [ISSUER])
    assert said["issued_at"] == provider.clock.now.isoformat()
    assert said["expires_at"] == (provider.clock.now + timedelta(minutes=5)).isoformat()
    assert said["jti"].startswith(said["grant_id"])
    assert [e["name"] for e in said["events"]] == ["grant.redeemed", "grant.opened"]


def test_each_kind_is_recognised(provider, app):
    found = taken(app)
    signed = app.introspect(found["access_token"], accept="application/token-introspection+jwt")
    secret = app.browser.get_cookie(SECRET_COOKIE, domain="id.example.test").value

    kinds = {
        "code": "authorization_code",
        "refresh_token": "refresh_token",
        "access_token": "access_token",
        "id_token": "id_token",
    }
    for name, kind in kinds.items():
        said = look(provider, found[name])
        assert (said["kind"], said["alive"], said["username"]) == (kind, True, "ada")
        assert said["client_id"] == app.client_id
        assert said["sid"] == session_of(provider)
    said = look(provider, signed.get_data(as_text=True))
    assert (said["kind"], said["reasons"]) == ("introspection_response", ["not_a_token"])
    said = look(provider, secret)
    assert (said["kind"], said["alive"], said["username"]) == ("session_secret", True, "ada")
    assert said["sid"] == session_of(provider)


def test_a_clients_own_token_is_explained(provider):
    rp = party(provider, grant_types=("client_credentials",), scope=("api",), redirect_uris=())
    token = rp.token(grant_type="client_credentials").get_json()["access_token"]

    said = look(provider, token)

    assert (said["alive"], said["user_id"], said["client_id"]) == (True, None, rp.client_id)
    assert [e["name"] for e in said["events"]] == ["client_token.issued"]
    provider.clock.forward(seconds=1)
    with provider.context() as ctx:
        clients.void_own_tokens(ctx, rp.client_id, ctx.now)
    assert why(provider, token) == ["client_tokens_voided"]
    with provider.context() as ctx:
        clients.disable(ctx, rp.client_id)
    assert why(provider, token) == ["client_disabled"]
    with provider.context() as ctx:
        clients.delete(ctx, rp.client_id)
    assert why(provider, token) == ["client_gone"]


def test_looking_changes_nothing(provider, app):
    found = taken(app)
    second = refreshed(app, found["refresh_token"])["refresh_token"]
    third = refreshed(app, second)["refresh_token"]
    before = provider.event_names()

    for token in (*found.values(), second, third):
        look(provider, str(token))

    assert provider.event_names() == before
    assert app.redeem(found["code"]).status_code == 200
    assert refreshed(app, third)


# Refresh tokens that were replaced


@spec("RFC 9700 §4.14.2")
def test_the_one_before_would_be_given_its_successor_again(provider, app):
    first = app.sign_in()["refresh_token"]
    refreshed(app, first)
    provider.clock.forward(minutes=5)

    said = look(provider, first)

    assert said["alive"] is True
    assert said["reasons"] == ["replaced_by_generation:2", "would_be_retried"]
    assert (said["generation"], said["current_generation"]) == (1, 2)
    assert refresh(app, first).status_code == 200


@spec("RFC 9700 §4.14.2")
def test_an_older_one_would_end_the_family(provider, app):
    first = app.sign_in()["refresh_token"]
    refreshed(app, refreshed(app, first)["refresh_token"])

    assert why(provider, first) == ["replaced_by_generation:3", "would_be_reuse"]
    assert refused(refresh(app, first)) == GRANT
    said = look(provider, first)
    assert said["reasons"] == ["grant_ended:refresh_token_reused", "replaced_by_generation:3"]
    assert [e["name"] for e in said["events"]][:3] == [
        "grant.refused",
        "refresh_token.reused",
        "grant.ended",
    ]
    assert said["events"][0]["data"]["reason"] == "refresh_token_reused"


def test_without_a_secret_that_depends_on_the_leeway(provider):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, token_endpoint_auth_method="none")
    first = rp.sign_in()["refresh_token"]
    refreshed(rp, first)
    assert "would_be_retried" in look(provider, first)["reasons"]

    provider.clock.forward(seconds=11)

    assert "would_be_reuse" in why(provider, first)


def test_an_offline_family_dies_of_idleness_alone(provider, app):
    found = app.sign_in(scope="openid offline_access", prompt="consent")
    end_session(provider, session_of(provider))
    assert look(provider, found["refresh_token"])["offline"] is True
    assert why(provider, found["refresh_token"]) == []

    provider.clock.forward(days=31)

    assert why(provider, found["refresh_token"]) == ["idle_too_long"]


def test_a_client_that_does_not_refresh_has_no_family(provider, app):
    found = app.sign_in()
    with provider.context() as ctx:
        ctx.db.write(grants.update().values(generation=0))

    assert why(provider, found["refresh_token"]) == ["no_refresh_token", "never_issued"]


def test_a_refusal_is_found_again_by_its_token(provider, app):
    """Every `invalid_grant` has a reason that an operator can see."""
    token = app.sign_in()["refresh_token"]
    stranger = party(provider, grant_types=BOTH)
    assert refused(refresh(stranger, token)) == GRANT

    said = look(provider, token)

    newest = said["events"][0]
    assert (newest["name"], newest["data"]["reason"]) == ("grant.refused", "other_client")
    assert newest["client_id"] == stranger.client_id


def test_a_session_secret_is_explained(provider, app):
    app.sign_in()
    secret = app.browser.get_cookie(SECRET_COOKIE, domain="id.example.test").value
    assert why(provider, "idp_ss_unknown") == ["secret_unknown"]

    end_session(provider, session_of(provider))

    said = look(provider, secret)
    assert said["reasons"] == ["session_ended:admin"]
    assert said["events"][0]["name"] == "session.ended"


# What we never made


def test_what_is_not_ours_or_was_changed_is_told_apart(provider, app):
    found = taken(app)
    head, body, signature = found["access_token"].split(".")

    assert why(provider, "garbage") == ["not_ours"]
    assert why(provider, f"{head}.{body}.{signature[::-1]}") == ["forged"]
    assert why(provider, found["refresh_token"][:-2] + "AA") == ["forged"]
    assert why(provider, found["code"][:-2] + "AA") == ["forged"]
    assert why(provider, "idp_at_AAAA") == ["forged"]
    assert look(provider, "idp_rt_x")["kind"] == "refresh_token"


@spec("RFC 7517 §4.5")
def test_a_key_that_is_gone_is_a_reason_of_its_own(provider, sibling, app):
    token = app.sign_in()["access_token"]
    kid = header_of(token)["kid"]
    with provider.context() as ctx:
        ctx.db.write(delete(signing_keys).where(signing_keys.c.kid == kid))
    assert look(sibling, token)["reasons"] == ["key_unknown"]
    assert look(sibling, token)["client_id"] is None

    with provider.context() as ctx:
        record(ctx, KeyRemoved(kid=kid, algorithm="ES256"))

    said = look(sibling, token)
    assert (said["alive"], said["verified"], said["reasons"]) == (False, False, ["key_removed"])
    assert (said["username"], said["client_id"]) == ("ada", app.client_id)


@spec("RFC 7517 §4.5")
def test_a_revoked_key_is_told_with_what_it_signed(provider, app):
    found = app.sign_in()
    with provider.context() as ctx:
        keys.revoke(ctx, header_of(found["access_token"])["kid"], because="leaked")
    with provider.context() as ctx:
        keys.forget(ctx)

    said = look(provider, found["access_token"])

    assert (said["alive"], said["verified"], said["reasons"]) == (False, False, ["key_revoked"])
    assert (said["username"], said["client_id"]) == ("ada", app.client_id)
    assert app.introspect(found["access_token"]).get_json() == {"active": False}


@pytest.mark.parametrize("text", ["\0", "\x1b[31m", "\ud800"])
def test_what_no_token_of_ours_says_is_not_repeated(provider, app, text):
    kid = header_of(app.sign_in()["access_token"])["kid"]
    with provider.context() as ctx:
        keys.revoke(ctx, kid, because="leaked")
    with provider.context() as ctx:
        keys.forget(ctx)
    made_up = dict.fromkeys(("jti", "sub", "client_id", "sid", "scope", "aud"), text)

    told = [
        look(provider, ".".join([*(b64url(json.dumps(part).encode()) for part in parts), "AAAA"]))
        for parts in (
            ({"typ": "at+jwt", "alg": "ES256", "kid": kid}, made_up),
            ({"typ": "at+jwt", "alg": "ES256", "kid": text}, {}),
        )
    ]

    assert [each["reasons"] for each in told] == [["key_revoked"], ["not_ours"]]
    assert text not in "".join(map(str, told[0].values()))


def test_every_sentence_is_of_use():
    assert len(set(words.REASONS.values())) == len(words.REASONS)
