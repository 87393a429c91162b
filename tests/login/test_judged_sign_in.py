"""A sign-in under the policy of sessions: what it asks, whom it refuses, for how long it lasts."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.store import habits
from idp.store.schema import outbox
from tests.account.people import act
from tests.admission.people import MAIL
from tests.app import BUILT_IN, NOON, PASSWORD, link_of, text_of
from tests.login.judged import (
    BARE,
    FIREFOX,
    all_sessions,
    close_window,
    decided,
    in_another_browser,
    put_in_group,
    rules,
    signs_in,
)
from tests.login.keys import bind, count, has_session, page_id, use, user_of
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

APP = "app.example.test"
HOUR = timedelta(hours=1)
ASK = 'moments = ["sign_in"]; outcome = "ask_factor"'
REFUSE = 'groups = ["banned"]; outcome = "refuse"'


def event_of(rp, name):
    (event,) = [each for each in rp.provider.audit() if each.name == name]
    return event


# What is asked


@spec("ASVS 6.3.5")
def test_a_new_browser_is_asked_for_a_step_and_told_why_and_for_how_long(party):
    rp = party(policy=BUILT_IN)
    secret = rp.provider.add_totp(user_of(rp.provider))

    page = signs_in(rp)

    assert page_id(page) == "login-code"
    said = text_of(page)
    assert "We ask for one more step, to be sure that it is you. This browser is new to us." in said
    assert "This time you stay signed in for 6 hours at most." in said
    assert page_id(rp.submit(page, code=rp.provider.code(secret))) == APP


@spec("ASVS 6.3.5")
def test_a_trusted_browser_stands_for_no_step_that_the_policy_asks_for(party):
    rp = party(policy=rules('groups = ["watched"]; outcome = "ask_factor"'))
    secret = rp.provider.add_totp(user_of(rp.provider))
    rp.submit(signs_in(rp), code=rp.provider.code(secret), trust="yes")
    close_window(rp)
    assert page_id(signs_in(rp)) == APP
    close_window(rp)

    put_in_group(rp.provider, "watched")
    page = signs_in(rp)

    assert page_id(page) == "login-code"
    assert "The people who run this service ask for one more step here." in text_of(page)


def test_the_operators_own_words_say_why(party):
    said = BARE + (
        '[[rules]]\nname = "audits"\nbecause = "This week the books are audited."\n'
        'when = {}\nthen = { outcome = "ask_factor" }\n'
    )
    rp = party(policy=said)
    rp.provider.add_totp(user_of(rp.provider))

    assert "This week the books are audited." in text_of(signs_in(rp))


def test_who_has_nothing_more_to_show_is_let_in_for_half_the_time(party):
    rp = party(policy=rules(ASK))

    assert page_id(signs_in(rp)) == APP

    (session,) = all_sessions(rp.provider)
    (decision,) = decided(rp.provider)
    assert session.absolute_until == NOON + 6 * HOUR
    assert session.idle_until == NOON + HOUR / 2
    assert session.limited_by == "rule0"
    assert (decision.outcome, decision.rule) == ("shorten", "rule0")
    assert decision.facts["second_step_owned"] is False


def test_a_passkey_alone_is_two_steps(party):
    rp = party(policy=rules(ASK))
    key = Authenticator()
    bind(rp.provider, user_of(rp.provider), key)

    assert page_id(use(rp, rp.authorize(), key)) == APP
    assert decided(rp.provider)[0].outcome == "ask_factor"
    assert all_sessions(rp.provider)[0].absolute_until == NOON + 12 * HOUR


@spec("ASVS 6.3.3")
def test_a_level_of_the_policy_is_shown_in_one_go(party):
    rp = party(policy=rules('groups = ["admin"]; acr = "phr"'))
    user = user_of(rp.provider)
    rp.provider.add_totp(user)
    key = Authenticator()
    bind(rp.provider, user, key)
    put_in_group(rp.provider, "admin")

    page = signs_in(rp)

    assert page_id(page) == "login-key"
    assert b'id="use-authenticator"' not in page.data
    assert page_id(use(rp, page, key)) == APP
    assert all_sessions(rp.provider)[0].acr == "phr"


@spec("ASVS 6.3.3")
def test_a_level_that_can_be_set_up_is_set_up_on_the_way(party):
    rp = party(policy=rules('moments = ["sign_in"]; acr = "mfa"'))

    page = signs_in(rp)

    assert page_id(page) == "enrol"
    assert b'id="skip"' not in page.data
    assert "Your account needs a surer proof here than you have set up yet." in text_of(page)


# Who is refused


@spec("ASVS 6.3.5", "ASVS 6.3.8")
def test_a_refusal_comes_after_the_right_proof_with_a_reason_and_a_reference(party):
    rp = party(policy=rules(REFUSE))
    rp.provider.add_user("mallory", groups=["banned"])

    wrong = rp.log_in(rp.authorize(), "mallory", "wrong")
    assert page_id(wrong) == "login"
    page = rp.log_in(wrong, "mallory")

    assert (page.status_code, page_id(page)) == (403, "login-refused")
    event = event_of(rp, "sign_in.refused")
    assert event.reference in text_of(page)
    assert event.data["rule"] == "rule0"
    (decision,) = decided(rp.provider)
    assert (decision.id, decision.outcome, decision.sid) == (
        event.data["decision_id"],
        "refuse",
        None,
    )
    assert all_sessions(rp.provider) == []
    assert not has_session(rp)


def test_whoever_is_refused_goes_back_to_the_application_with_an_answer(party):
    rp = party(policy=rules(REFUSE))
    rp.provider.add_user("mallory", groups=["banned"])
    page = rp.log_in(rp.authorize(), "mallory")

    home = rp.follow(rp.get(link_of(page, "return")))

    assert rp.answer(home)["error"] == "access_denied"


def test_a_level_that_nobody_can_reach_here_refuses(party):
    rp = party(policy=rules('moments = ["sign_in"]; acr = "phrh"'))

    page = signs_in(rp)

    assert page_id(page) == "login-refused"
    assert "Your account has no second step that is sure enough." in text_of(page)
    assert count(rp.provider, "sign_in.refused") == 1


def test_a_refusal_between_two_proofs_ends_the_sign_in(party):
    rp = party(policy=rules('acr = ["mfa"]; outcome = "refuse"'))
    secret = rp.provider.add_totp(user_of(rp.provider))
    step = signs_in(rp)

    page = rp.submit(step, code=rp.provider.code(secret))
    assert page_id(page) == "login-refused"
    rp.provider.clock.forward(minutes=1)
    again = rp.submit(step, code=rp.provider.code(secret))

    assert page_id(again) == "login"
    assert all_sessions(rp.provider) == []


# What it lasts, and what is kept


@spec("ASVS 7.1.1")
def test_a_session_opens_by_the_limits_of_the_rule_that_is_named(party):
    rp = party(policy=rules('devices = ["new"]; idle = "10m", absolute = "2h"'))

    rp.sign_in()

    (session,) = all_sessions(rp.provider)
    (decision,) = decided(rp.provider)
    event = event_of(rp, "session.opened")
    assert session.idle_until == NOON + timedelta(minutes=10)
    assert session.absolute_until == NOON + 2 * HOUR
    assert (session.limited_by, session.decision_id) == ("rule0", decision.id)
    assert session.client_id == rp.client_id
    assert session.policy_version == decision.policy_version
    assert (decision.sid, decision.outcome, decision.client_id) == (
        session.sid,
        "shorten",
        rp.client_id,
    )
    assert event.data["decision_id"] == decision.id
    assert (event.data["outcome"], event.data["rule"]) == ("shorten", "rule0")


def test_every_sign_in_is_one_decision_with_all_that_was_shown_in_it(party):
    rp = party(policy=BUILT_IN)
    secret = rp.provider.add_totp(user_of(rp.provider))
    step = signs_in(rp)
    rp.submit(step, code="000000")

    rp.submit(step, code=rp.provider.code(secret))

    (decision,) = decided(rp.provider)
    assert (decision.outcome, decision.rule, decision.level) == (
        "ask_factor",
        "elevated_risk",
        "elevated",
    )
    assert decision.facts["acr"] == "mfa"
    named = [each["name"] for each in decision.contributions]
    assert named[:2] == ["new_device", "little_history"]


def test_a_browser_that_signed_in_as_usual_is_asked_nothing_and_lives_as_long_as_usual(party):
    rp = party(policy=BUILT_IN)
    for _ in range(2):
        signs_in(rp)
        close_window(rp)
        rp.provider.clock.forward(minutes=5)

    signs_in(rp)

    first, second, third = decided(rp.provider)
    assert (first.outcome, first.level) == ("shorten", "elevated")
    assert (second.outcome, third.outcome) == ("allow", "allow")
    assert third.score < second.score < first.score
    assert all_sessions(rp.provider)[2].absolute_until == rp.provider.clock.now + 12 * HOUR


def test_a_new_proof_in_a_session_is_a_decision_about_it(party):
    rp = party()
    rp.sign_in()
    rp.provider.clock.forward(minutes=5)

    rp.log_in(rp.authorize(prompt="login"))

    first, second = decided(rp.provider)
    assert first.sid == second.sid
    (session,) = all_sessions(rp.provider)
    assert session.decision_id == first.id


def test_a_draft_is_asked_beside_the_policy_and_changes_nothing(party, tmp_path):
    draft = tmp_path / "draft.toml"
    draft.write_text(rules('moments = ["sign_in"]; outcome = "refuse"'))
    rp = party(policy=BARE, policy_draft_file=draft)

    assert page_id(signs_in(rp)) == APP

    (decision,) = decided(rp.provider)
    assert decision.outcome == "allow"
    assert (decision.draft["outcome"], decision.draft["rule"]) == ("refuse", "rule0")


def test_a_sign_in_teaches_what_its_risk_lets(party):
    rp = party(policy=BUILT_IN)
    signs_in(rp)
    close_window(rp)
    rp.provider.clock.forward(minutes=5)
    signs_in(rp)

    first, second = decided(rp.provider)
    assert 0 < first.teaches < second.teaches
    with rp.provider.context() as ctx:
        assert habits.find(ctx.db, user_of(rp.provider).id).version == 2


# What the policy lets a browser keep


@pytest.mark.parametrize(("said", "days"), [('"0"', None), ('"3d"', 3)])
def test_a_browser_may_be_trusted_for_as_long_as_the_policy_says(party, said, days):
    rp = party(policy=BARE + f"[defaults]\ntrusted_device = {said}\n")
    secret = rp.provider.add_totp(user_of(rp.provider))

    page = signs_in(rp)
    assert (f"for {days} days" in text_of(page)) is (days is not None)
    rp.submit(page, code=rp.provider.code(secret), trust="yes")

    assert count(rp.provider, "device.trusted") == (days is not None)
    if days:
        until = event_of(rp, "device.trusted").data["until"]
        assert until == (NOON + timedelta(days=days)).isoformat()


def cookie_of(rp):
    return rp.browser.get_cookie("__Host-idp_session", domain="id.example.test")


def test_keep_me_signed_in_is_not_offered_where_nobody_may_have_it(party):
    rp = party()

    page = rp.authorize()
    assert b'id="remember"' not in page.data
    rp.submit(page, identifier="ada", password=PASSWORD, remember="yes")

    assert cookie_of(rp).max_age is None
    assert all_sessions(rp.provider)[0].remembered is False


@spec("ASVS 7.3.2")
def test_who_wishes_it_keeps_the_cookie_and_the_session_ends_all_the_same(party):
    rp = party(policy=BARE + '[defaults]\nremember = "7d"\nabsolute = "12h"\nidle = "12h"\n')
    page = rp.authorize()
    assert b'id="remember"' in page.data

    rp.submit(page, identifier="ada", password=PASSWORD, remember="yes")

    assert cookie_of(rp).max_age == 12 * 3600
    assert all_sessions(rp.provider)[0].remembered is True
    rp.provider.clock.forward(hours=12)
    assert rp.answer(rp.authorize(prompt="none"))["error"] == "login_required"


def test_the_wish_survives_the_second_step_and_a_new_proof(party):
    rp = party(policy=BARE + '[defaults]\nremember = "2h"\n')
    secret = rp.provider.add_totp(user_of(rp.provider))
    page = rp.authorize()

    step = rp.submit(page, identifier="ada", password=PASSWORD, remember="yes")
    rp.submit(step, code=rp.provider.code(secret))
    assert cookie_of(rp).max_age == 2 * 3600
    rp.provider.clock.forward(minutes=5)
    step = rp.log_in(rp.authorize(prompt="login"))
    rp.submit(step, code=rp.provider.code(secret))

    assert cookie_of(rp).max_age == 2 * 3600


def test_the_wish_survives_a_new_password(party):
    rp = party(policy=BARE + '[defaults]\nremember = "7d"\nabsolute = "12h"\nidle = "12h"\n')
    rp.submit(rp.authorize(), identifier="ada", password=PASSWORD, remember="yes")
    rp.provider.clock.forward(minutes=5)
    before = cookie_of(rp).value

    act(rp, "/account/password", current_password=PASSWORD, new_password="lilac rivers under moons")

    assert cookie_of(rp).value != before
    assert cookie_of(rp).max_age == 12 * 3600 - 5 * 60


def test_without_the_wish_the_cookie_goes_with_the_window(party):
    rp = party(policy=BARE + '[defaults]\nremember = "7d"\n')

    rp.sign_in()

    assert cookie_of(rp).max_age is None


# Whom it is told


def test_a_second_browser_is_told_of_by_mail_and_the_first_is_not(party):
    rp = party(policy=BUILT_IN, **MAIL)
    signs_in(rp)
    rp.provider.clock.forward(minutes=5)

    another = in_another_browser(rp)
    another.browser.environ_base["HTTP_USER_AGENT"] = FIREFOX
    signs_in(another)

    with rp.provider.context() as ctx:
        kinds = list(ctx.db.read(select(outbox.c.kind)).scalars())
    assert kinds == ["mail"]
