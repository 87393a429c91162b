"""Refresh rotation: one successor, the same again for a lost answer, an end for what is stolen."""

import pytest

from idp.protocol.clients import service as clients
from idp.sessions import service as sessions
from tests.app import Provider, claims_of
from tests.protocol.parties import party, reasons
from tests.protocol.refreshing import (
    BOTH,
    GRANT,
    confidential,
    public,
    refresh,
    refreshed,
    refused,
)
from tests.support.spec import spec

__all__ = ["confidential", "public"]


def events(provider: Provider) -> list[str]:
    names = ("refresh_token", "grant.ended", "grant.refused")
    return [name for name in provider.event_names() if name.startswith(names)]


@spec("RFC 6749 §6", "RFC 9700 §4.14.2", "OIDC Core §12.2")
def test_a_refresh_token_is_traded_for_tokens_and_its_successor(provider, confidential):
    first = confidential.sign_in()
    provider.clock.forward(minutes=4)

    second = refreshed(confidential, first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert second["refresh_token"].startswith("idp_rt_")
    assert confidential.userinfo(second["access_token"]).status_code == 200
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    for claim in ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr"):
        assert after[claim] == before[claim]
    assert after["iat"] == before["iat"] + 240
    assert "nonce" not in after
    assert events(provider) == ["refresh_token.rotated"]


@spec("RFC 6749 §6")
def test_a_client_that_is_not_registered_to_refresh_gets_no_refresh_token(provider):
    provider.add_user()
    rp = party(provider)

    assert "refresh_token" not in rp.sign_in(scope="openid offline_access")
    assert refused(refresh(rp, "idp_rt_x")) == (400, "unauthorized_client")


def test_a_lost_answer_is_given_again_for_as_long_as_its_successor_is_unused(
    provider, confidential
):
    first = confidential.sign_in()
    second = refreshed(confidential, first["refresh_token"])
    provider.clock.forward(minutes=30)

    again = refreshed(confidential, first["refresh_token"])

    assert again["refresh_token"] == second["refresh_token"]
    assert "nonce" not in claims_of(again["id_token"])
    assert refreshed(confidential, second["refresh_token"])
    assert events(provider) == [
        "refresh_token.rotated",
        "refresh_token.retried",
        "refresh_token.rotated",
    ]


def test_a_client_without_secret_gets_a_lost_answer_again_within_its_leeway(provider, public):
    first = public.sign_in()
    second = refreshed(public, first["refresh_token"])
    provider.clock.forward(seconds=9)

    for _ in range(20):
        assert refreshed(public, first["refresh_token"])["refresh_token"] == second["refresh_token"]

    provider.clock.forward(seconds=2)
    assert refused(refresh(public, first["refresh_token"])) == GRANT
    assert refused(refresh(public, second["refresh_token"])) == GRANT
    assert public.userinfo(second["access_token"]).status_code == 401
    assert events(provider)[-4:] == [
        "grant.ended",
        "refresh_token.reused",
        "grant.refused",
        "grant.refused",
    ]
    assert reasons(provider) == ["refresh_token_reused", "grant_ended:refresh_token_reused"]


@spec("RFC 9700 §4.14.2")
def test_a_token_whose_successor_was_used_ends_the_family(provider, confidential):
    first = confidential.sign_in()
    second = refreshed(confidential, first["refresh_token"])
    third = refreshed(confidential, second["refresh_token"])

    assert refused(refresh(confidential, first["refresh_token"])) == GRANT

    assert refused(refresh(confidential, third["refresh_token"])) == GRANT
    assert confidential.userinfo(third["access_token"]).status_code == 401
    ended = [e for e in provider.audit() if e.name == "grant.ended"]
    assert [e.data["reason"] for e in ended] == ["refresh_token_reused"]
    reused = [e for e in provider.audit() if e.name == "refresh_token.reused"]
    assert [(e.data["presented"], e.data["generation"]) for e in reused] == [(1, 3)]


def test_reuse_ends_one_family_and_no_other(provider, confidential):
    mine, other = confidential.sign_in(), confidential.sign_in()
    second = refreshed(confidential, mine["refresh_token"])
    refreshed(confidential, second["refresh_token"])

    assert refused(refresh(confidential, mine["refresh_token"])) == GRANT

    assert refreshed(confidential, other["refresh_token"])


def test_another_client_can_neither_use_nor_end_a_family(provider, confidential):
    first = confidential.sign_in()
    second = refreshed(confidential, first["refresh_token"])
    refreshed(confidential, second["refresh_token"])
    stranger = party(provider, grant_types=BOTH)

    for token in (first, second):
        assert refused(refresh(stranger, token["refresh_token"])) == GRANT

    assert reasons(provider) == ["other_client", "other_client"]
    assert "grant.ended" not in provider.event_names()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[:10] + ("A" if token[10] != "A" else "B") + token[11:],
        lambda token: token + "A",
        lambda token: token.removeprefix("idp_rt_"),
        lambda _: "é" * 77,
        lambda _: "idp_rt_" + "A" * 70,
    ],
)
def test_a_forged_token_is_refused_and_leaves_nothing(provider, confidential, spoil):
    token = confidential.sign_in()["refresh_token"]

    assert refused(refresh(confidential, spoil(token))) == GRANT

    assert reasons(provider) == []
    assert refreshed(confidential, token)


def test_a_request_without_token_is_refused(provider, confidential):
    assert refused(confidential.token(grant_type="refresh_token")) == (400, "invalid_request")


@spec("RFC 6749 §6")
def test_scope_can_be_narrowed_for_one_access_token(provider, confidential):
    first = confidential.sign_in(scope="openid profile email")

    narrow = refreshed(confidential, first["refresh_token"], scope="openid email")
    wide = refreshed(confidential, narrow["refresh_token"])

    assert narrow["scope"] == "openid email"
    assert claims_of(narrow["access_token"])["scope"] == "openid email"
    assert "name" not in confidential.userinfo(narrow["access_token"]).get_json()
    assert wide["scope"] == "openid profile email"


@spec("RFC 6749 §6", "RFC 8707 §2.2")
@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"resource": "https://other.example.test"}, "invalid_target"),
    ],
)
def test_asking_for_more_than_was_granted_burns_nothing(provider, confidential, asked, error):
    first = confidential.sign_in(scope="openid profile")

    assert refused(refresh(confidential, first["refresh_token"], **asked)) == (400, error)

    assert events(provider) == []
    assert refreshed(confidential, first["refresh_token"])


# How long a family lives


def test_a_family_dies_with_its_session(provider, confidential):
    first = confidential.sign_in()
    sid = claims_of(first["id_token"])["sid"]
    with provider.context() as ctx:
        sessions.end(ctx, sid, because="user_logout")

    assert refused(refresh(confidential, first["refresh_token"])) == GRANT
    assert reasons(provider) == ["session_ended:user_logout"]


def test_refreshing_is_activity_of_the_session_and_never_moves_its_absolute_limit(
    provider, confidential
):
    token = confidential.sign_in()["refresh_token"]
    for _ in range(23):
        provider.clock.forward(minutes=30)
        token = refreshed(confidential, token)["refresh_token"]
    assert b"page-login" not in confidential.authorize(prompt="none").data

    provider.clock.forward(minutes=30)

    assert refused(refresh(confidential, token)) == GRANT
    assert reasons(provider) == ["session_too_old"]


def test_a_client_may_stay_away_for_as_long_as_the_session_idles(provider, confidential):
    token = confidential.sign_in()["refresh_token"]
    provider.clock.forward(minutes=61)

    assert refused(refresh(confidential, token)) == GRANT
    assert reasons(provider) == ["session_idle_too_long"]


def test_a_family_gives_nothing_below_what_its_client_requires_by_now(provider, confidential):
    token = confidential.sign_in()["refresh_token"]
    with provider.context() as ctx:
        clients.change(ctx, confidential.client_id, {"require_acr": "mfa"})

    assert refused(refresh(confidential, token)) == GRANT

    assert reasons(provider) == ["acr_too_low"]
    with provider.context() as ctx:
        clients.change(ctx, confidential.client_id, {"require_acr": None})
    provider.clock.forward(seconds=3)
    assert refreshed(confidential, token)
