"""Whoever had the password and stopped at the second step is shown to its owner, who is asked."""

import json
from importlib import import_module
from threading import Thread

import pytest

from idp.account.questions import newest_of, question_about
from idp.credentials import recovery
from idp.judgement import habits as judged_habits
from idp.store import decisions, habits, sessions
from tests.account.conftest import find
from tests.account.decided import a_session, a_strange_one
from tests.account.people import MAIL, act, another_browser, send, visit
from tests.account.test_activity import ACTIVITY, lines
from tests.account.test_answers_at_once import together
from tests.account.test_arrival_at_sign_in import PHONE
from tests.account.test_was_this_you import ME, NEW, NOT_ME
from tests.app import BUILT_IN, submit, text_of
from tests.login.judged import FIREFOX
from tests.login.keys import page_id

AT_HOME, PHONE_AT = "127.0.0.1", "203.0.113.9"
SAID = "Somebody got past the first step of a sign-in to your account"


@pytest.fixture
def owner(make):
    """Somebody who has signed in with a code at the same computer for a month."""
    rp = another_browser(make(policy=BUILT_IN, **MAIL), FIREFOX)
    rp.secret = rp.provider.add_totp(find(rp))
    for _ in range(10):
        sign_in(rp)
        rp.provider.clock.forward(days=3)
    sign_in(rp)
    return rp


def sign_in(rp, code=None):
    page = rp.log_in(visit(rp))
    assert page_id(page) == "login-code"
    return rp.submit(page, code=code or rp.provider.code(rp.secret))


def stops_at_the_code(rp, *, address=PHONE_AT):
    """The same name and password at a telephone in another network; the page that asks for more."""
    rp.provider.clock.forward(minutes=5)
    phone = another_browser(rp, PHONE)
    phone.browser.environ_base["REMOTE_ADDR"] = address
    page = phone.log_in(visit(phone))
    assert page_id(page) == "login-code"
    return phone, page


def newest(rp):
    with rp.provider.context() as ctx:
        return decisions.list_of_user(ctx.db, find(rp).id, 1)[0]


def test_the_owner_sees_who_stopped_at_the_second_step_and_is_asked(owner):
    stops_at_the_code(owner)
    prompt = newest(owner)

    page = visit(owner, ACTIVITY)

    told = next(line for line in lines(page) if SAID in line)
    assert "was asked for more and has not signed in." in told
    html = page.get_data(as_text=True)
    item = next(each for each in html.split("<li class=") if SAID in each)
    assert "Mobile Safari on iOS" in item
    assert PHONE_AT in item
    assert "This browser is new to us" in item
    assert "The second step was asked for" in item
    assert "This service, by itself" not in item
    assert "Shorter by" not in item
    assert f"{NOT_ME}?sign_in={prompt.id}" in item
    overview = text_of(visit(owner))
    assert "A new browser began to sign in Mobile Safari on iOS" in overview
    assert "A new browser signed in" not in overview


def test_a_prompt_that_was_answered_is_told_of_as_the_sign_in_that_it_became(owner):
    phone, page = stops_at_the_code(owner)
    owner.provider.clock.forward(minutes=1)
    phone.submit(page, code=phone.provider.code(owner.secret))

    activity = text_of(visit(owner, ACTIVITY))

    assert SAID not in activity
    assert "Somebody signed in to your account." in activity
    assert "A new browser signed in Mobile Safari on iOS" in text_of(visit(owner))


def test_a_no_to_a_prompt_ends_what_was_begun_and_replaces_the_password(owner):
    stranger, page = stops_at_the_code(owner)
    prompt = newest(owner)
    owner.provider.clock.forward(minutes=1)

    asked = owner.log_in(owner.follow(owner.get(f"{NOT_ME}?sign_in={prompt.id}")))
    proved = owner.submit(asked, code=owner.provider.code(owner.secret))
    assert SAID in text_of(proved)
    done = owner.submit(proved, new_password=NEW)

    assert page_id(done) == "account-authenticators"
    with owner.provider.context() as ctx:
        said = decisions.find(ctx.db, prompt.id)
        assert len(sessions.list_live_of_user(ctx.db, find(owner).id, ctx.now)) == 1
    assert (said.answer, said.sid, said.teaches) == ("not_me", None, 0.0)
    owner.provider.clock.forward(minutes=1)
    late = stranger.submit(page, code=owner.provider.code(owner.secret))
    assert page_id(late) == "login"
    wrong = stranger.log_in(late)
    assert page_id(wrong) == "login"
    assert "You said that it was not you" in text_of(visit(owner, ACTIVITY))


@pytest.mark.parametrize("times", range(3))
def test_no_sign_in_slips_past_a_no_to_its_prompt(owner, times):
    """Either it was finished and is over, or it cannot be finished any more."""
    with owner.provider.context() as ctx:
        printed = recovery.regenerate(ctx, find(owner).id)
    stranger, page = stops_at_the_code(owner)
    prompt = newest(owner)
    owner.provider.clock.forward(minutes=1 + times)
    asked = owner.log_in(owner.follow(owner.get(f"{NOT_ME}?sign_in={prompt.id}")))
    proved = owner.submit(asked, code=owner.provider.code(owner.secret))

    answers = together(
        [
            lambda: submit(owner.browser, proved, NOT_ME, new_password=NEW),
            lambda: submit(stranger.browser, page, "/login/recovery", recovery_code=printed[0]),
        ]
    )

    assert [each.status_code for each in answers] == [303, 303]
    with owner.provider.context() as ctx:
        said = decisions.find(ctx.db, prompt.id)
        (live,) = sessions.list_live_of_user(ctx.db, find(owner).id, ctx.now)
    assert live.sid != said.sid
    assert (said.answer, said.teaches) == ("not_me", 0.0)


def first_comes(monkeypatch, name, act):
    """Let something happen in the moment before a request goes on with this function."""
    module, _, function = name.rpartition(".")
    real, done = getattr(import_module(module), function), []

    def late(*said, **named):
        if not done:
            done.append(True)
            elsewhere = Thread(target=act)
            elsewhere.start()
            elsewhere.join()
        return real(*said, **named)

    monkeypatch.setattr(name, late)


def test_a_no_takes_back_what_was_taught_by_who_went_on_while_it_was_being_said(owner, monkeypatch):
    stranger, page = stops_at_the_code(owner, address=AT_HOME)
    prompt = newest(owner)
    owner.provider.clock.forward(minutes=1)
    asked = owner.log_in(owner.follow(owner.get(f"{NOT_ME}?sign_in={prompt.id}")))
    owner.provider.clock.forward(minutes=1)
    proved = owner.submit(asked, code=owner.provider.code(owner.secret))
    owner.provider.clock.forward(minutes=1)
    taught = []

    def go_on():
        stranger.submit(page, code=owner.provider.code(owner.secret))
        taught.append(is_usual(owner, prompt))

    first_comes(monkeypatch, "idp.credentials.passwords.prepare", go_on)
    owner.submit(proved, new_password=NEW)

    with owner.provider.context() as ctx:
        said = decisions.find(ctx.db, prompt.id)
        (live,) = sessions.list_live_of_user(ctx.db, find(owner).id, ctx.now)
    assert taught == [True]
    assert (said.answer, said.teaches) == ("not_me", 0.0)
    assert said.sid not in (None, live.sid)
    assert not is_usual(owner, prompt)


def is_usual(rp, decision):
    """Tell whether the browser of a decision was seen before."""
    return decision.features["agent"] in habits_of(rp).counters["agent"]


def test_a_yes_adds_to_what_was_taught_by_who_went_on_while_it_was_being_said(owner, monkeypatch):
    phone, page = stops_at_the_code(owner, address=AT_HOME)
    prompt = newest(owner)
    owner.provider.clock.forward(minutes=1)
    overview, taught = visit(owner), []

    def go_on():
        phone.submit(page, code=owner.provider.code(owner.secret))
        taught.append(newest(owner).teaches)

    first_comes(monkeypatch, "idp.store.users.hold", go_on)
    submit(owner.browser, overview, ME, decision=prompt.id)

    said = newest(owner)
    assert taught == [0.75]
    assert said.sid is not None
    assert (said.answer, said.teaches) == ("me", 1.0)


def habits_of(rp):
    with rp.provider.context() as ctx:
        return habits.find(ctx.db, find(rp).id)


def test_a_yes_teaches_what_was_seen_and_the_sign_in_behind_it_teaches_nothing_more(owner):
    phone, page = stops_at_the_code(owner)
    prompt = newest(owner)
    before = habits_of(owner)

    act(owner, ME, decision=prompt.id)

    confirmed = habits_of(owner)
    assert newest(owner).answer == "me"
    assert confirmed.version == before.version + 1
    with owner.provider.context() as ctx:
        assert judged_habits.learn_common(ctx) > 0
    owner.provider.clock.forward(minutes=1)
    phone.submit(page, code=phone.provider.code(owner.secret))
    finished = newest(owner)
    assert finished.id == prompt.id
    assert finished.sid is not None
    assert (finished.answer, finished.teaches) == ("me", -1.0)
    assert habits_of(owner) == confirmed


def test_a_prompt_by_itself_teaches_nobody_anything(owner):
    with owner.provider.context() as ctx:
        judged_habits.learn_common(ctx)
    before = habits_of(owner)

    stops_at_the_code(owner)

    assert habits_of(owner) == before
    with owner.provider.context() as ctx:
        assert judged_habits.learn_common(ctx) == 0


@pytest.mark.parametrize("outcome", ["ask_factor", "ask_again"])
def test_a_prompt_is_asked_about_however_usual_it_looked(rp, ada, outcome):
    strange = a_strange_one(
        rp.provider, ada, sid=None, outcome=outcome, level="low", facts={"device": "known"}
    )
    with rp.provider.context() as ctx:
        here = a_session(ctx)
        same_browser = a_session(ctx, device_id=strange.device_id)

    assert question_about(strange, here).vouched is True
    assert question_about(strange, same_browser) is None
    # Where nobody looked for it, one is asked about new browsers only.
    assert newest_of([strange], here) is None


def test_the_copy_of_an_account_says_which_prompts_nobody_went_on_from(rp, ada):
    rp.sign_in()
    prompt = a_strange_one(rp.provider, ada, sid=None, outcome="ask_factor")

    copy = json.loads(send(rp, "/account/data").data)

    told = {each["id"]: each["unfinished"] for each in copy["decisions"]}
    assert told.pop(prompt.id) is True
    assert not any(told.values())
