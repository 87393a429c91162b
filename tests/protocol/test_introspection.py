"""POST /introspect: whom we tell what about a token, and the one word that all others hear."""

from urllib.parse import urlencode

import pytest

from idp.protocol.clients import service as clients
from idp.store import consents
from tests.app import ISSUER, Provider, RelyingParty, claims_of
from tests.protocol.asking import API, DEAD, OTHER_API, api, app, told
from tests.protocol.parties import (
    disable,
    end_session,
    party,
    session_of,
    token_error,
)
from tests.protocol.refreshing import BOTH, refresh
from tests.support.spec import spec

__all__ = ["api", "app"]


@spec("RFC 7662 §2.2", "RFC 9470 §6.2")
@pytest.mark.parametrize("kind", ["jwt", "opaque"])
def test_a_client_reads_what_its_own_access_token_says(provider, kind):
    user = provider.add_user()
    rp = party(provider, grant_types=BOTH, access_token_format=kind)
    bought = rp.sign_in(scope="openid profile")

    said = told(rp, bought["access_token"])

    signed_in = claims_of(bought["id_token"])
    grant_id = provider.audit()[-1].data["grant_id"]
    assert said.pop("jti").startswith(f"{grant_id}.")
    assert said == {
        "active": True,
        "token_type": "Bearer",
        "scope": "openid profile",
        "client_id": rp.client_id,
        "username": "ada",
        "sub": user.id,
        "aud": ISSUER,
        "iss": ISSUER,
        "iat": signed_in["iat"],
        "exp": signed_in["iat"] + 300,
        "acr": "sfa",
        "amr": ["pwd"],
        "auth_time": signed_in["auth_time"],
        "sid": signed_in["sid"],
    }


def test_what_somebody_is_called_is_told_where_the_token_is_for_it(app):
    assert "username" not in told(app, app.sign_in(scope="openid email")["access_token"])


@spec("RFC 7662 §2.2", "RFC 8707 §2")
def test_a_resource_server_sees_tokens_for_the_api_that_it_is(app, api):
    bought = app.sign_in(resource=API)

    said = told(api, bought["access_token"])

    assert (said["active"], said["aud"], said["client_id"]) == (True, API, app.client_id)


def test_one_of_several_audiences_is_enough(app, api):
    asked = f"/authorize?{urlencode(app.parameters(resource=API))}&resource={OTHER_API}"
    page = app.log_in(app.follow(app.get(asked)))
    code = app.answer(app.allow(page))["code"]

    said = told(api, app.redeem(code).get_json()["access_token"])

    assert (said["active"], said["aud"]) == (True, [API, OTHER_API])


@spec("RFC 7662 §4", "RFC 8707 §2")
def test_a_resource_server_sees_no_token_for_another_api_nor_for_us(app, api):
    elsewhere, ours = app.sign_in(resource=OTHER_API), app.sign_in()

    for token in (elsewhere["access_token"], ours["access_token"], ours["refresh_token"]):
        assert told(api, token) == DEAD


def test_whoever_is_our_own_resource_server_sees_tokens_for_us(provider, app):
    house = party(provider, audiences=(ISSUER,))

    assert told(house, app.sign_in()["access_token"])["active"] is True


def test_what_a_client_got_for_itself_is_its_own_subject(provider, api):
    token = api.token(grant_type="client_credentials").get_json()["access_token"]

    said = told(api, token)

    assert (said["active"], said["sub"], said["client_id"]) == (True, api.client_id, api.client_id)
    assert said["scope"] == "api"
    assert not {"username", "sid", "acr", "amr", "auth_time"} & set(said)


# Refresh tokens


@spec("RFC 7662 §2.2")
def test_a_client_learns_how_long_its_refresh_token_is_good(provider, app):
    first = app.sign_in()
    provider.clock.forward(minutes=10)
    second = refresh(app, first["refresh_token"]).get_json()

    said = told(app, second["refresh_token"])

    assert said["active"] is True
    assert (said["aud"], said["iss"], said["scope"]) == (ISSUER, ISSUER, "openid")
    assert said["iat"] == int(provider.clock.now.timestamp())
    assert said["exp"] > said["iat"]
    assert "token_type" not in said
    assert said["sid"] == session_of(provider)


def test_only_the_current_refresh_token_is_active(app):
    """The one before is answered after a lost answer, but nobody can count on it."""
    first = app.sign_in()["refresh_token"]
    second = refresh(app, first).get_json()["refresh_token"]

    assert told(app, first) == DEAD
    assert told(app, second)["active"] is True


def test_asking_about_an_old_refresh_token_alarms_nobody(provider, app):
    first = app.sign_in()["refresh_token"]
    second = refresh(app, first).get_json()["refresh_token"]
    third = refresh(app, second).get_json()["refresh_token"]

    assert told(app, first) == DEAD

    assert told(app, third)["active"] is True


def test_a_refresh_token_is_active_for_as_long_as_it_would_be_taken(provider):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, refresh_idle_lifetime=600)
    token = rp.sign_in()["refresh_token"]
    provider.clock.forward(seconds=599)
    assert told(rp, token)["active"] is True

    provider.clock.forward(seconds=1)

    assert told(rp, token) == DEAD
    assert token_error(refresh(rp, token)) == (400, "invalid_grant")


def test_a_refresh_token_below_its_clients_floor_is_not_active_for_it_gives_nothing(provider, app):
    token = app.sign_in()["refresh_token"]
    with provider.context() as ctx:
        clients.change(ctx, app.client_id, {"require_acr": "mfa"})

    assert told(app, token) == DEAD


# What is over


def end_grant(provider: Provider, app: RelyingParty, bought: dict) -> None:
    app.revoke(bought["refresh_token"])


def over(provider: Provider, app: RelyingParty, bought: dict) -> None:
    end_session(provider, session_of(provider))


def disabled_user(provider: Provider, app: RelyingParty, bought: dict) -> None:
    disable(provider, claims_of(bought["id_token"])["sub"])


def disabled_client(provider: Provider, app: RelyingParty, bought: dict) -> None:
    with provider.context() as ctx:
        clients.disable(ctx, app.client_id)


def deleted_client(provider: Provider, app: RelyingParty, bought: dict) -> None:
    with provider.context() as ctx:
        clients.delete(ctx, app.client_id)


def consent_revoked(provider: Provider, app: RelyingParty, bought: dict) -> None:
    with provider.context() as ctx:
        assert consents.remove(ctx.db, claims_of(bought["id_token"])["sub"], app.client_id)


def time_passed(provider: Provider, app: RelyingParty, bought: dict) -> None:
    provider.clock.forward(seconds=300)


def revoked_alone(provider: Provider, app: RelyingParty, bought: dict) -> None:
    app.revoke(bought["access_token"])


@spec("RFC 7662 §2.2", "RFC 7662 §4")
@pytest.mark.parametrize(
    "happens",
    [
        end_grant,
        over,
        disabled_user,
        disabled_client,
        deleted_client,
        consent_revoked,
        time_passed,
        revoked_alone,
    ],
)
def test_a_token_is_inactive_once_anything_that_it_rests_on_is_over(provider, app, api, happens):
    bought = app.sign_in(resource=API)
    assert told(api, bought["access_token"])["active"] is True

    happens(provider, app, bought)

    assert told(api, bought["access_token"]) == DEAD


def test_a_clients_own_token_is_inactive_once_it_is_disabled(provider, api):
    asker = party(provider, audiences=(ISSUER,))
    token = api.token(grant_type="client_credentials").get_json()["access_token"]
    assert told(asker, token)["active"] is True
    with provider.context() as ctx:
        clients.disable(ctx, api.client_id)

    assert told(asker, token) == DEAD


def test_a_clients_own_token_is_inactive_once_all_before_are_void(provider, api):
    old = api.token(grant_type="client_credentials").get_json()["access_token"]
    provider.clock.forward(seconds=1)
    with provider.context() as ctx:
        clients.void_own_tokens(ctx, api.client_id, ctx.now)
    new = api.token(grant_type="client_credentials").get_json()["access_token"]

    assert told(api, old) == DEAD
    assert told(api, new)["active"] is True


def test_an_offline_grant_is_active_without_its_session(provider):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=("openid", "offline_access"))
    bought = rp.sign_in(scope="openid offline_access", prompt="consent")

    end_session(provider, session_of(provider))

    assert told(rp, bought["access_token"])["active"] is True
    assert told(rp, bought["refresh_token"])["active"] is True
