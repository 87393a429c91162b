"""A prompt of the policy's is a row as soon as it asks, and stays that one row whatever comes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select, update

from idp.credentials import recovery
from idp.store.schema import decisions, login_attempts
from tests.account.people import twin_of
from tests.app import BUILT_IN, PASSWORD, submit, text_of
from tests.login.judged import (
    BARE,
    all_sessions,
    close_window,
    decided,
    in_another_browser,
    put_in_group,
    rules,
    signs_in,
)
from tests.login.keys import bind, count, has_session, page_id, use, user_of
from tests.machines.statements import overheard
from tests.support.authenticator import Authenticator
from tests.support.spec import spec

APP = "app.example.test"
ASK = 'moments = ["sign_in"]; outcome = "ask_factor"'
# Let in by the first step, asked for the second, refused when it is shown.
ASKED_AND_REFUSED = (
    'groups = ["banned"], acr = ["mfa"]; outcome = "refuse"',
    'moments = ["sign_in"]; outcome = "ask_factor"',
)
# More would have to wait: they are guesses of strangers.
AT_ONCE = 4


def asking(party, *said):
    """A relying party of a provider that asks everybody for a code, and the secret of the codes."""
    rp = party(policy=rules(*(said or (ASK,))))
    return rp, rp.provider.add_totp(user_of(rp.provider))


def codes_of(rp, secret, many):
    """Codes that are all right at once: that of the app, and some that were printed."""
    with rp.provider.context() as ctx:
        printed = recovery.regenerate(ctx, user_of(rp.provider).id)
    return [rp.provider.code(secret), *printed[: many - 1]]


def at_once(rp, forms):
    """Send forms in one instant, each of its page, to its path, from a tab of its own."""
    tabs, start = [(twin_of(rp), *form) for form in forms], Barrier(len(forms))

    def send(tab):
        browser, page, path, values = tab
        start.wait()
        return submit(browser, page, path, **values)

    with ThreadPoolExecutor(len(tabs)) as pool:
        return list(pool.map(send, tabs))


def told(row):
    return (row.outcome, row.rule, row.sid, row.teaches, row.answer)


# Asked


@pytest.mark.parametrize("outcome", ["ask_factor", "ask_again"])
def test_a_prompt_is_on_record_before_anybody_answers_it(party, outcome):
    rp, _ = asking(party, f'moments = ["sign_in"]; outcome = "{outcome}"')

    page = signs_in(rp)

    assert page_id(page) == "login-code"
    (prompt,) = decided(rp.provider)
    assert told(prompt) == (outcome, "rule0", None, 0.0, None)
    assert (prompt.moment, prompt.at, prompt.client_id) == (
        "sign_in",
        rp.provider.clock.now,
        rp.client_id,
    )
    assert prompt.facts["acr"] == "sfa"
    assert all_sessions(rp.provider) == []


def test_who_gives_up_leaves_the_prompt_as_it_was_asked(party):
    rp, secret = asking(party)
    page = signs_in(rp)
    asked = decided(rp.provider)

    rp.submit(page, action="cancel")
    rp.provider.clock.forward(minutes=1)
    rp.submit(page, code=rp.provider.code(secret))

    assert decided(rp.provider) == asked
    assert not has_session(rp)


def test_what_comes_of_a_prompt_is_written_into_its_row(party):
    rp, secret = asking(party)
    page = signs_in(rp)
    (asked,) = decided(rp.provider)
    rp.provider.clock.forward(minutes=1)

    assert page_id(rp.submit(page, code=rp.provider.code(secret))) == APP

    (decision,) = decided(rp.provider)
    (session,) = all_sessions(rp.provider)
    assert decision.id == asked.id == session.decision_id
    assert (decision.outcome, decision.sid, decision.device_id) == (
        "ask_factor",
        session.sid,
        session.device_id,
    )
    # It reads as a sign-in of that instant, so that its event is found beside it.
    opened = next(each for each in rp.provider.audit() if each.name == "session.opened")
    assert (decision.at, decision.reference) == (rp.provider.clock.now, opened.reference)
    assert decision.facts["acr"] == "mfa"
    assert decision.teaches > asked.teaches == 0.0


def test_a_new_proof_of_a_session_that_is_asked_for_is_one_row_of_its_own(party):
    rp, secret = asking(party)
    rp.submit(signs_in(rp), code=rp.provider.code(secret))
    rp.provider.clock.forward(minutes=5)

    page = signs_in(rp, prompt="login")
    prompt = decided(rp.provider)[-1]
    rp.submit(page, code=rp.provider.code(secret))

    first, second = decided(rp.provider)
    assert (second.id, second.sid) == (prompt.id, first.sid)
    assert prompt.sid is None


@pytest.mark.parametrize("settings", [{"second_factor": "required"}, {"second_factor": "off"}])
def test_what_is_asked_of_everybody_who_can_show_it_is_no_prompt_of_the_policys(party, settings):
    rp = party(policy=BARE, **settings)
    secret = rp.provider.add_totp(user_of(rp.provider))

    with overheard(rp.provider) as said:
        page = signs_in(rp)

    assert page_id(page) == "login-code"
    assert decided(rp.provider) == []
    assert not [each for each in said.work if " decisions" in each]
    rp.submit(page, code=rp.provider.code(secret))
    assert [each.outcome for each in decided(rp.provider)] == ["allow"]


def test_who_has_nothing_to_show_is_asked_nothing(party):
    rp = party(policy=rules(ASK), second_factor="required")

    page = signs_in(rp)

    assert page_id(page) == "enrol"
    assert decided(rp.provider) == []


@spec("ASVS 6.3.8")
def test_a_wrong_password_is_no_prompt(party):
    rp, _ = asking(party)

    rp.log_in(rp.authorize(), password="wrong wrong wrong")

    assert decided(rp.provider) == []


# One row


def test_looking_again_and_wrong_codes_are_no_further_prompts(party):
    rp, secret = asking(party)
    page = signs_in(rp)

    rp.get(page.request.full_path)
    rp.submit(page, code="000000")
    rp.submit(page, code="111111")
    assert len(decided(rp.provider)) == 1
    rp.submit(page, code=rp.provider.code(secret))

    (decision,) = decided(rp.provider)
    assert decision.sid is not None


def test_a_prompt_that_is_answered_in_several_tabs_at_once_is_completed_once(party):
    rp, secret = asking(party)
    codes = codes_of(rp, secret, 2)
    page = signs_in(rp)
    forms = [
        (page, "/login/code", {"code": codes[0]}),
        (page, "/login/recovery", {"recovery_code": codes[1]}),
    ]

    answers = at_once(rp, forms * (AT_ONCE // 2))

    assert {each.status_code for each in answers} <= {200, 303, 429}
    (session,) = all_sessions(rp.provider)
    (decision,) = decided(rp.provider)
    assert decision.sid == session.sid
    assert decision.id == session.decision_id


def test_a_password_that_is_sent_several_times_at_once_is_one_prompt(party):
    rp, _ = asking(party)
    page = rp.authorize()

    form = {"identifier": "ada", "password": PASSWORD, "action": "sign_in"}
    statuses = [each.status_code for each in at_once(rp, [(page, "/login", form)] * AT_ONCE)]

    assert set(statuses) <= {303, 429}
    assert statuses.count(303) > 1
    (prompt,) = decided(rp.provider)
    with rp.provider.context() as ctx:
        begun = list(ctx.db.read(select(login_attempts.c.id)).scalars())
    assert prompt.id in begun
    assert len(begun) == statuses.count(303)


@pytest.mark.parametrize("answered", [0, 1])
def test_who_begins_anew_in_the_same_browser_is_asked_once_whichever_page_is_answered(
    party, answered
):
    rp, secret = asking(party)
    pages = [signs_in(rp), signs_in(rp)]
    assert len(decided(rp.provider)) == 1

    assert page_id(rp.submit(pages[answered], code=rp.provider.code(secret))) == APP

    (decision,) = decided(rp.provider)
    assert decision.sid is not None


def test_two_pages_that_are_both_answered_at_once_are_two_sign_ins_and_leave_no_prompt(party):
    rp, secret = asking(party)
    codes = codes_of(rp, secret, 2)
    forms = [
        (signs_in(rp), "/login/code", {"code": codes[0]}),
        (signs_in(rp), "/login/recovery", {"recovery_code": codes[1]}),
    ]

    answers = at_once(rp, forms)

    assert [each.status_code for each in answers] == [303, 303]
    rows = decided(rp.provider)
    assert all(each.sid is not None for each in rows)
    assert {each.sid for each in rows} <= {each.sid for each in all_sessions(rp.provider)}


def test_who_comes_in_by_another_way_has_answered_the_prompt(party):
    rp, _ = asking(party)
    key = Authenticator()
    bind(rp.provider, user_of(rp.provider), key)
    signs_in(rp)

    assert page_id(use(rp, rp.authorize(), key)) == APP

    (decision,) = decided(rp.provider)
    assert decision.sid is not None


def test_what_was_left_in_another_browser_or_long_ago_stays_on_record(party):
    rp, secret = asking(party)
    stranger = in_another_browser(rp)
    signs_in(stranger)
    signs_in(rp)
    rp.provider.clock.forward(minutes=16)

    rp.submit(signs_in(rp), code=rp.provider.code(secret))

    rows = decided(rp.provider)
    assert [each.sid is None for each in rows] == [True, True, False]


def test_what_its_user_has_said_something_to_stays_on_record(party):
    rp, secret = asking(party)
    signs_in(rp)
    with rp.provider.context() as ctx:
        ctx.db.write(update(decisions).values(answer="me"))

    rp.submit(signs_in(rp), code=rp.provider.code(secret))

    assert [(each.answer, each.sid is None) for each in decided(rp.provider)].count(
        ("me", True)
    ) == 1


# Refused, or over


def test_a_sign_in_that_is_refused_after_it_was_asked_is_one_row(party):
    rp, secret = asking(party, *ASKED_AND_REFUSED)
    put_in_group(rp.provider, "banned")
    page = signs_in(rp)
    (asked,) = decided(rp.provider)
    assert asked.outcome == "ask_factor"

    answer = rp.submit(page, code=rp.provider.code(secret))

    assert page_id(answer) == "login-refused"
    (decision,) = decided(rp.provider)
    assert (decision.id, *told(decision)) == (asked.id, "refuse", "rule0", None, 0.0, None)
    event = next(each for each in rp.provider.audit() if each.name == "sign_in.refused")
    assert event.data["decision_id"] == decision.id
    assert event.reference in text_of(answer)


def test_a_sign_in_that_is_refused_in_several_tabs_at_once_is_refused_once(party):
    rp, secret = asking(party, *ASKED_AND_REFUSED)
    put_in_group(rp.provider, "banned")
    codes = codes_of(rp, secret, 2)
    page = signs_in(rp)
    forms = [
        (page, "/login/code", {"code": codes[0]}),
        (page, "/login/recovery", {"recovery_code": codes[1]}),
    ]

    at_once(rp, forms * (AT_ONCE // 2))

    assert [each.outcome for each in decided(rp.provider)] == ["refuse"]
    assert count(rp.provider, "sign_in.refused") == 1


def test_a_row_that_has_come_to_its_end_is_completed_by_nobody(party):
    rp, secret = asking(party)
    page = signs_in(rp)
    with rp.provider.context() as ctx:
        ctx.db.write(update(decisions).values(sid="another"))

    answer = rp.submit(page, code=rp.provider.code(secret))

    assert page_id(answer) == "login"
    assert not has_session(rp)
    assert all_sessions(rp.provider) == []
    assert [each.sid for each in decided(rp.provider)] == ["another"]


# What it costs


def test_asking_takes_two_statements_more_and_only_where_the_policy_asks(party):
    """The prompt itself, and what the same browser left a moment ago."""
    rp = party(policy=rules('groups = ["watched"]; outcome = "ask_factor"'))
    user = user_of(rp.provider)
    rp.provider.add_totp(user)
    heard = []
    for watched in (False, True):
        if watched:
            put_in_group(rp.provider, "watched")
        tab = in_another_browser(rp)
        page = tab.authorize()
        with overheard(rp.provider) as said:
            submit(tab.browser, page, identifier="ada", password=PASSWORD, action="sign_in")
        heard.append(said.work)

    assert len(heard[1]) == len(heard[0]) + 2
    assert sum("INTO decisions" in each for each in heard[1]) == 1


def test_a_sign_in_that_is_asked_nothing_writes_its_decision_by_one_statement(party):
    rp = party(policy=BUILT_IN)
    signs_in(rp)
    close_window(rp)
    page = rp.authorize()

    with overheard(rp.provider) as said:
        assert page_id(rp.log_in(page)) == APP

    assert sum(" decisions" in each for each in said.work) == 1
