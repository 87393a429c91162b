"""Access that stands when the session is over (OIDC Core §11), and what ends it all the same."""

import pytest
from sqlalchemy import delete

from idp.account import administration
from idp.admission import reset
from idp.sessions import service as sessions
from idp.store import users
from idp.store.schema import sessions as session_table
from tests.app import PASSWORD, Provider, RelyingParty, claims_of, submit
from tests.protocol.parties import page_of, party, reasons
from tests.protocol.refreshing import (
    BOTH,
    GRANT,
    OFFLINE,
    confidential,
    ended,
    refresh,
    refreshed,
    refused,
)
from tests.support.spec import spec

__all__ = ["confidential"]


def offline(rp: RelyingParty) -> dict:
    return rp.sign_in(scope="openid offline_access", prompt="consent")


def end_session(provider: Provider, tokens: dict) -> None:
    with provider.context() as ctx:
        sessions.end(ctx, claims_of(tokens["id_token"])["sid"], because="user_logout")


@spec("OIDC Core §11")
def test_it_stands_without_its_session_until_it_is_unused_for_too_long(provider, confidential):
    first = offline(confidential)
    end_session(provider, first)
    provider.clock.forward(days=29)

    second = refreshed(confidential, first["refresh_token"])

    assert confidential.userinfo(second["access_token"]).status_code == 200
    assert claims_of(second["id_token"])["sid"] == claims_of(first["id_token"])["sid"]
    provider.clock.forward(days=30)
    assert refused(refresh(confidential, second["refresh_token"])) == GRANT
    assert reasons(provider) == ["idle_too_long"]


def test_it_ends_in_any_case_however_often_it_is_used(provider, confidential):
    token = offline(confidential)["refresh_token"]
    for _ in range(5):
        provider.clock.forward(days=17)
        token = refreshed(confidential, token)["refresh_token"]
    provider.clock.forward(days=5)

    assert refused(refresh(confidential, token)) == GRANT
    assert reasons(provider) == ["too_old"]


def test_it_outlives_the_row_of_its_session(provider, confidential):
    first = offline(confidential)
    with provider.context() as ctx:
        ctx.db.write(delete(session_table))

    second = refreshed(confidential, first["refresh_token"])

    assert confidential.userinfo(second["access_token"]).status_code == 200


def test_its_code_wants_the_session_all_the_same(provider, confidential):
    tokens = offline(confidential)
    code = confidential.code(scope="openid offline_access")
    end_session(provider, tokens)

    assert refused(confidential.redeem(code)) == GRANT
    assert reasons(provider) == ["session_ended:user_logout"]


@spec("OIDC Core §11")
def test_it_is_asked_for_in_words_and_asked_again_only_when_asked_for_anew(provider, confidential):
    confidential.sign_in(scope="openid")

    page = confidential.authorize(scope="openid offline_access")

    assert page_of(page) == "consent"
    assert "Stay connected when you are away" in page.get_data(as_text=True)
    confidential.allow(page)
    answer = confidential.answer(confidential.authorize(scope="openid offline_access"))
    assert "code" in answer


def test_an_online_family_ends_with_its_session_where_an_offline_one_stands(provider, confidential):
    away, here = offline(confidential), confidential.sign_in()
    end_session(provider, here)

    assert refused(refresh(confidential, here["refresh_token"])) == GRANT
    assert refreshed(confidential, away["refresh_token"])


def disabled(provider: Provider) -> None:
    with provider.context() as ctx:
        administration.disable_user(ctx, "ada")


def password_set(provider: Provider) -> None:
    with provider.context() as ctx:
        administration.set_password(ctx, "ada", f"another {PASSWORD}")


def factors_reset(provider: Provider) -> None:
    with provider.context() as ctx:
        user = users.find_by_username(ctx.db, "ada")
        assert user is not None
        reset.reset_factors(ctx, user, "lost")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (disabled, "user_disabled"),
        (password_set, "password_reset"),
        (factors_reset, "factors_reset"),
    ],
)
@spec("RFC 9700 §4.14.2")
def test_it_ends_when_the_account_is_not_what_it_was(provider, confidential, act, reason):
    tokens = offline(confidential)

    act(provider)

    assert ended(provider) == [reason]
    assert refused(refresh(confidential, tokens["refresh_token"])) == GRANT
    assert confidential.userinfo(tokens["access_token"]).status_code == 401


def test_a_user_who_is_enabled_again_does_not_get_it_back(provider, confidential):
    tokens = offline(confidential)
    disabled(provider)
    with provider.context() as ctx:
        administration.enable_user(ctx, "ada")

    assert refused(refresh(confidential, tokens["refresh_token"])) == GRANT
    assert reasons(provider) == ["grant_ended:user_disabled"]


def test_an_operator_may_let_it_stand_when_the_password_changes(provider_with):
    provider = provider_with(offline_survives_password_change=True)
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=OFFLINE)
    tokens = offline(rp)

    password_set(provider)

    assert ended(provider) == []
    assert refreshed(rp, tokens["refresh_token"])


def test_disconnecting_the_application_ends_it(provider, confidential):
    tokens = offline(confidential)
    page = confidential.get("/account/applications")

    submit(
        confidential.browser,
        page,
        "/account/connections/revoke",
        client_id=confidential.client_id,
    )

    assert ended(provider) == ["consent_revoked"]
    assert refused(refresh(confidential, tokens["refresh_token"])) == GRANT
