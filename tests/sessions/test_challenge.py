"""A challenged session gives nothing and takes nothing, and nothing of it is burnt (I4, I5, I6)."""

from datetime import timedelta

import pytest

from idp.sessions import service
from idp.store import sessions as rows
from idp.store.users import User
from tests.account.people import post_without_page
from tests.app import PASSWORD, Provider, RelyingParty, submit, text_of
from tests.protocol.parties import SECRET_COOKIE, page_of, party, reasons, session_of
from tests.protocol.refreshing import BOTH, GRANT, OFFLINE, refresh, refreshed
from tests.protocol.refreshing import refused as refused_grant
from tests.sessions.challenged import RULE, challenge, challenge_browser, secret_of


@pytest.fixture
def ada(provider: Provider) -> User:
    return provider.add_user()


@pytest.fixture
def rp(provider: Provider, ada: User) -> RelyingParty:
    return party(provider, grant_types=BOTH, scope=OFFLINE)


def test_no_code_is_given_and_the_person_is_asked_to_prove_it(provider: Provider, rp: RelyingParty):
    rp.sign_in()
    challenge_browser(provider, rp)

    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"
    assert page_of(rp.authorize()) == "login"


def test_tokens_are_inactive_and_userinfo_is_closed_while_it_lasts(
    provider: Provider, rp: RelyingParty
):
    tokens = rp.sign_in()
    challenge_browser(provider, rp)

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    for kind in ("access_token", "refresh_token"):
        assert rp.introspect(tokens[kind]).get_json() == {"active": False}


def test_a_refresh_token_is_refused_and_not_burnt(provider: Provider, rp: RelyingParty):
    tokens = rp.sign_in()
    challenge_browser(provider, rp)

    assert refused_grant(refresh(rp, tokens["refresh_token"])) == GRANT
    assert reasons(provider) == [f"session_challenged:{RULE}"]
    assert "grant.ended" not in provider.event_names()

    rp.log_in(rp.authorize())
    assert refreshed(rp, tokens["refresh_token"])["access_token"]


def test_an_old_refresh_token_shown_meanwhile_ends_no_family(provider: Provider, rp: RelyingParty):
    first = rp.sign_in()["refresh_token"]
    second = refreshed(rp, refreshed(rp, first)["refresh_token"])["refresh_token"]
    challenge_browser(provider, rp)

    assert refused_grant(refresh(rp, first)) == GRANT

    rp.log_in(rp.authorize())
    assert refreshed(rp, second)["access_token"]


def test_a_code_waits_for_the_proof(provider: Provider, rp: RelyingParty):
    code = rp.code()
    challenge_browser(provider, rp)
    assert rp.redeem(code).get_json()["error"] == "invalid_grant"

    rp.log_in(rp.authorize())

    assert rp.redeem(code).status_code == 200


def test_what_stands_without_its_session_goes_on(provider: Provider, rp: RelyingParty):
    tokens = rp.sign_in(scope="openid offline_access", prompt="consent")
    challenge_browser(provider, rp)

    assert refreshed(rp, tokens["refresh_token"])["access_token"]


def test_after_a_new_proof_it_is_the_same_session_under_a_new_secret(
    provider: Provider, rp: RelyingParty
):
    tokens = rp.sign_in()
    stolen = challenge_browser(provider, rp)
    sid = session_of(provider)

    rp.answer(rp.log_in(rp.authorize()))

    assert secret_of(rp) != stolen
    assert session_of(provider) == sid
    assert rp.userinfo(tokens["access_token"]).status_code == 200
    with provider.context() as ctx:
        assert service.find_standing(ctx, stolen) is None
        standing = service.find_standing(ctx, secret_of(rp))
    assert standing is not None
    assert standing.session.challenge is None


def test_the_account_asks_for_a_new_proof(provider: Provider, rp: RelyingParty):
    rp.sign_in()
    page = rp.get("/account/profile")
    challenge_browser(provider, rp)

    assert page_of(rp.follow(rp.get("/account"))) == "login"
    changed = rp.follow(submit(rp.browser, page, "/account/profile", name="Thief"))
    assert page_of(changed) == "login"
    assert page_of(rp.log_in(changed)) == "account-profile"


def test_activity_does_not_keep_it(provider: Provider, rp: RelyingParty):
    rp.sign_in()
    challenge_browser(provider, rp)
    for _ in range(4):
        provider.clock.forward(minutes=20)
        rp.get("/account")

    with provider.context() as ctx:
        assert service.find_standing(ctx, secret_of(rp)) is None


def test_it_can_be_signed_out_and_is_listed_to_be_ended(
    provider: Provider, rp: RelyingParty, ada: User
):
    rp.sign_in()
    other = RelyingParty(provider, rp.registered, provider.browser())
    other.sign_in()
    challenge_browser(provider, rp)

    with provider.context() as ctx:
        assert len(rows.list_live_of_user(ctx.db, ada.id, ctx.now)) == 2
    page = rp.get("/logout")
    assert page_of(page) == "logout", text_of(page)
    rp.follow(submit(rp.browser, page, "/logout/confirm", action="logout"))
    with provider.context() as ctx:
        assert len(rows.list_live_of_user(ctx.db, ada.id, ctx.now)) == 1


def test_the_button_of_an_open_account_page_ends_it_without_a_proof(
    provider: Provider, rp: RelyingParty
):
    rp.sign_in()
    page = rp.get("/account")
    challenge_browser(provider, rp)

    assert post_without_page(rp, "/account/sign-out").status_code == 403
    assert "session.ended" not in provider.event_names()
    after = rp.follow(submit(rp.browser, page, "/account/sign-out"))

    assert page_of(after) == "logged-out", text_of(after)
    ends = [e.data["reason"] for e in provider.audit() if e.name == "session.ended"]
    assert ends == ["user_logout"]


def test_it_is_challenged_once(provider: Provider, rp: RelyingParty):
    rp.sign_in()
    secret = challenge_browser(provider, rp)

    assert not challenge(provider, secret)
    assert provider.event_names().count("session.challenged") == 1


def test_another_account_ends_it(provider: Provider, rp: RelyingParty):
    provider.add_user("grace")
    rp.sign_in()
    challenge_browser(provider, rp)

    rp.allow(rp.log_in(rp.authorize(), "grace"))

    ends = [e.data["reason"] for e in provider.audit() if e.name == "session.ended"]
    assert ends == ["another_account"]


def test_no_trusted_browser_stands_in_for_the_second_step(provider: Provider):
    grace = provider.add_user("grace")
    secret = provider.add_totp(grace)
    rp = party(provider, scope=OFFLINE)
    page = rp.log_in(rp.authorize(), "grace")
    rp.allow(rp.submit(page, code=provider.code(secret), trust="yes"))
    challenge_browser(provider, rp)

    page = rp.log_in(rp.follow(rp.get("/login")), "grace", PASSWORD)

    assert page_of(page) == "login-code"


def test_a_step_that_only_adds_to_it_answers_no_challenge(provider: Provider):
    """Whoever stole the cookie and begun to add a step does not get rid of the question so."""
    grace = provider.add_user("grace")
    secret = provider.add_totp(grace)
    rp = party(provider, scope=OFFLINE)
    with provider.context() as ctx:
        opened = service.open_session(ctx, grace.id, ("pwd",), None)
    rp.browser.set_cookie(SECRET_COOKIE, opened.secret, domain="id.example.test")
    step = rp.authorize(acr_values="mfa")
    assert page_of(step) == "login-code", text_of(step)
    challenge_browser(provider, rp)

    after = rp.submit(step, code=provider.code(secret))

    assert page_of(after) == "login"
    with provider.context() as ctx:
        standing = service.find_standing(ctx, secret_of(rp))
    assert standing is not None
    assert standing.session.challenge == RULE
    assert standing.session.acr == "sfa"


def test_neither_limits_nor_end_are_put_off_by_a_challenge(provider: Provider, rp: RelyingParty):
    rp.sign_in()
    secret = challenge_browser(provider, rp)
    sid = session_of(provider)

    with provider.context() as ctx:
        before = service.find_standing(ctx, secret)
        assert service.end(ctx, sid, because="user_logout")
        assert service.find_standing(ctx, secret) is None
        ended = service.prove(ctx, before.session, secret, ("pwd",), None, anew=True)
    assert ended is None
    assert before.session.idle_until - before.session.last_seen_at <= timedelta(hours=1)
