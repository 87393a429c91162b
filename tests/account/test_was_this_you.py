"""“Was this you?”: a yes teaches once, a no ends everything, and neither is a stranger's to say."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from idp.account import administration
from idp.account.questions import newest_of, question_about
from idp.store import decisions, habits, known_devices, sessions
from idp.store.known_devices import KnownDevice
from idp.store.schema import decisions as decision_table
from idp.store.schema import habits as habit_table
from idp.store.schema import sessions as session_table
from tests.account.conftest import find
from tests.account.decided import a_session, a_strange_one
from tests.account.people import MAIL, act, another_browser, cookie_of, letters, visit
from tests.account.test_activity import ACTIVITY
from tests.app import fields_of, submit, text_of
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH, GRANT, OFFLINE, refresh, refused
from tests.support.spec import spec

ME, NOT_ME = "/account/sign-ins/me", "/account/not-me"
NEW = "seven otters under brickwork"


def found(rp, decision):
    with rp.provider.context() as ctx:
        return decisions.find(ctx.db, decision.id)


def device_of(rp, decision):
    """The browser of a decision, as one that its user knows."""
    with rp.provider.context() as ctx:
        known_devices.add(
            ctx.db,
            KnownDevice(
                device_id=decision.device_id,
                user_id=decision.user_id,
                first_seen_at=ctx.now,
                last_seen_at=ctx.now,
            ),
        )


def go_to_not_me(rp, decision):
    """Follow the link and prove to be there; the page that says what will happen."""
    return rp.log_in(rp.follow(rp.get(f"{NOT_ME}?sign_in={decision.id}")))


def test_a_strange_sign_in_is_told_with_its_reasons_and_asked_about(rp, ada):
    rp.sign_in()
    rp.provider.clock.forward(seconds=1)
    strange = a_strange_one(rp.provider, ada)

    page = visit(rp, "/account")

    text = text_of(page)
    assert "A new browser signed in Firefox on Linux" in text
    assert "Norway (approximate)" in text
    assert "Was this you? Yes, it was me" in text
    assert f"{NOT_ME}?sign_in={strange.id}" in page.get_data(as_text=True)


# About what it is asked


@pytest.mark.parametrize(
    ("traits", "asked"),
    [
        ({}, True),
        ({"facts": {"device": "known"}}, True),
        ({"facts": {"device": "known"}, "level": "low"}, False),
        ({"level": "low"}, True),
        ({"moment": "refresh"}, False),
        ({"moment": "authorize", "outcome": "ask_again"}, True),
        ({"moment": "account", "outcome": "end"}, True),
        ({"outcome": "refuse", "sid": None}, True),
        ({"answer": "me"}, False),
        ({"answer": "not_me"}, False),
    ],
)
def test_it_is_asked_where_it_matters(rp, ada, traits, asked):
    strange = a_strange_one(rp.provider, ada)
    with rp.provider.context() as ctx:
        here = a_session(ctx)

    assert (question_about(replace(strange, **traits), here) is not None) is asked


@pytest.mark.parametrize(
    ("here", "vouched"),
    [
        ({}, True),
        ({"risk": "elevated"}, False),
        ({"risk": "high"}, False),
        ({"risk": "high", "acr": "phr"}, True),
        ({"risk": "high", "acr": "mfa"}, False),
    ],
)
def test_a_yes_counts_where_nothing_looks_strange_itself(rp, ada, here, vouched):
    strange = a_strange_one(rp.provider, ada)
    with rp.provider.context() as ctx:
        session = a_session(ctx, **here)

    assert question_about(strange, session).vouched is vouched
    assert (newest_of([strange], session) is not None) is vouched


def test_nobody_is_asked_about_the_sign_in_that_they_came_by(rp, ada):
    strange = a_strange_one(rp.provider, ada)
    with rp.provider.context() as ctx:
        same_session = a_session(ctx, sid=strange.sid)
        same_browser = a_session(ctx, device_id=strange.device_id)

    assert question_about(strange, same_session) is None
    assert question_about(strange, same_browser) is None


def test_what_stopped_a_session_is_vouched_for_by_a_proof_behind_it(rp, ada):
    stopped = a_strange_one(rp.provider, ada, moment="account", outcome="ask_again")
    with rp.provider.context() as ctx:
        before = a_session(ctx, sid=stopped.sid)
    rp.provider.clock.forward(minutes=1)
    with rp.provider.context() as ctx:
        after = replace(before, authenticated_at=ctx.now)

    assert question_about(stopped, before).vouched is False
    assert question_about(stopped, after).vouched is True


# Yes


def test_a_yes_teaches_once_and_confirms_the_browser(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada, features={"country": "NO", "agent": "firefox"})
    device_of(rp, strange)
    with rp.provider.context() as ctx:
        before = habits.find(ctx.db, ada.id)

    page = act(rp, ME, decision=strange.id)

    assert "Thank you." in text_of(page)
    answered = found(rp, strange)
    assert (answered.answer, answered.teaches) == ("me", 1.0)
    assert answered.answered_at == rp.provider.clock.now
    with rp.provider.context() as ctx:
        assert known_devices.find(ctx.db, strange.device_id, ada.id).confirmed_at is not None
        learned = habits.find(ctx.db, ada.id)
    assert learned.version == before.version + 1
    event = rp.provider.audit()[-1]
    assert (event.name, event.data) == (
        "sign_in.confirmed",
        {"decision_id": strange.id, "device_confirmed": True},
    )

    act(rp, ME, decision=strange.id)
    with rp.provider.context() as ctx:
        assert habits.find(ctx.db, ada.id) == learned
    assert rp.provider.event_names().count("sign_in.confirmed") == 1


def test_a_yes_on_the_overview_leads_back_to_it(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada)

    page = act(rp, ME, **{"decision": strange.id, "from": "home"})

    assert page.request.path == "/account"
    assert "Was this you?" not in text_of(page)


@pytest.mark.parametrize("risk", ["elevated", "high"])
def test_a_stranger_does_not_vouch_for_strangers(rp, ada, risk):
    rp.sign_in()
    with rp.provider.context() as ctx:
        ctx.db.write(update(session_table).values(risk=risk))
    strange = a_strange_one(rp.provider, ada)

    page = act(rp, ME, decision=strange.id)

    assert found(rp, strange).answer is None
    assert "Yes, it was me" not in text_of(page)
    assert "No, it was not me" in text_of(page)
    assert "in a browser that we know better" in text_of(page)


def test_nobody_vouches_for_their_own_sign_in(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        (session,) = sessions.list_live_of_user(ctx.db, ada.id, ctx.now)
    own = a_strange_one(rp.provider, ada, sid=session.sid, device_id=session.device_id)

    act(rp, ME, decision=own.id)

    assert found(rp, own).answer is None


def test_nobody_answers_for_another(rp, ada):
    grace = rp.provider.add_user("grace")
    hers = a_strange_one(rp.provider, grace)
    rp.sign_in()

    act(rp, ME, decision=hers.id)
    page = go_to_not_me(rp, hers)

    assert page.request.path == ACTIVITY
    assert found(rp, hers).answer is None


@pytest.mark.parametrize("named", ["", "x", "x" * 500, "../.."])
def test_what_is_no_decision_leads_to_the_activity(rp, named):
    rp.sign_in()

    assert act(rp, ME, decision=named).request.path == ACTIVITY
    assert rp.get(f"{NOT_ME}?sign_in={named}").status_code == 303


# No


@spec("ASVS 5.0 §7.4.3")
def test_a_no_ends_everything_but_the_browser_that_proved_to_be_there(rp, ada):
    rp.sign_in()
    stranger = another_browser(rp)
    tokens = stranger.sign_in()
    strange = a_strange_one(rp.provider, ada, features={"country": "NO"}, teaches=0.5)
    device_of(rp, strange)

    page = go_to_not_me(rp, strange)
    assert b'id="page-account-not-me"' in page.data
    text = text_of(page)
    for said in ("Firefox on Linux", "Norway (approximate)", "203.0.113.9", "Everybody is signed"):
        assert said in text
    assert rp.userinfo(tokens["access_token"]).status_code == 200, "nothing has happened yet"
    old_secret = cookie_of(rp, "session")
    after = rp.follow(submit(rp.browser, page, NOT_ME, new_password=NEW))

    assert after.request.path == "/account/authenticators"
    assert "Everybody else is signed out." in text_of(after)
    assert cookie_of(rp, "session") != old_secret
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert b'id="page-login"' in visit(stranger).data
    with rp.provider.context() as ctx:
        live = sessions.list_live_of_user(ctx.db, ada.id, ctx.now)
        known = known_devices.list_of_user(ctx.db, ada.id)
    assert len(live) == len(known) == 1
    assert known[0].device_id == live[0].device_id
    answered = found(rp, strange)
    assert (answered.answer, answered.teaches) == ("not_me", 0.0)
    names = rp.provider.event_names()
    assert names[-1] == "sign_in.disowned"
    assert {"password.set", "session.ended", "devices.forgotten"} <= set(names)
    assert b'id="page-login"' in stranger.log_in(visit(stranger)).data, "the old password is void"
    assert b'id="page-account"' in stranger.log_in(visit(stranger), password=NEW).data


@pytest.mark.parametrize("proved", ["just now", "long ago"])
def test_a_session_alone_says_no_to_nothing(rp, ada, proved):
    """A stolen cookie, however young its last proof, neither locks the owner out nor takes over."""
    rp.sign_in()
    if proved == "long ago":
        rp.provider.clock.forward(minutes=40)
    strange = a_strange_one(rp.provider, ada)
    before = rp.provider.event_names()

    asked = rp.follow(rp.get(f"{NOT_ME}?sign_in={strange.id}"))
    assert b'id="page-login"' in asked.data
    assert "You are about to say that a sign-in was not you." in text_of(asked)
    form = fields_of(visit(rp))
    sent = rp.browser.post(
        NOT_ME,
        base_url="https://id.example.test",
        data={**form, "new_password": NEW, "decision": strange.id, "sign_in": strange.id},
    )

    assert sent.headers["Location"] == ACTIVITY
    assert found(rp, strange).answer is None
    assert rp.provider.event_names() == before


def test_a_wrong_password_leads_no_further(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada)

    asked = rp.follow(rp.get(f"{NOT_ME}?sign_in={strange.id}"))
    page = rp.log_in(asked, password="not the right one")

    assert b'id="page-login"' in page.data


def test_whoever_would_rather_not_is_back_at_the_activity(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada)

    asked = rp.follow(rp.get(f"{NOT_ME}?sign_in={strange.id}"))
    page = rp.submit(asked, action="cancel")

    assert page.request.path == ACTIVITY


def test_who_owns_a_second_step_shows_it_for_this_very_act(rp, ada):
    """A browser that is trusted does not stand for it, nor a step that was shown before."""
    secret = rp.provider.add_totp(ada)
    rp.submit(rp.log_in(rp.authorize()), code=rp.provider.code(secret), trust="yes")
    strange = a_strange_one(rp.provider, ada)
    rp.provider.clock.forward(minutes=1)

    step = go_to_not_me(rp, strange)
    assert b'id="page-login-code"' in step.data
    page = rp.submit(step, code=rp.provider.code(secret))

    assert b'id="page-account-not-me"' in page.data


def test_the_link_of_a_letter_asks_who_is_there_and_ends_nothing(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada)
    scanner, owner = another_browser(rp), another_browser(rp)
    before = rp.provider.event_names()

    scanner.follow(scanner.get(f"{NOT_ME}?sign_in={strange.id}"))
    assert rp.provider.event_names() == before
    page = go_to_not_me(owner, strange)

    assert b'id="page-account-not-me"' in page.data
    owner.follow(submit(owner.browser, page, NOT_ME, new_password=NEW))
    assert b'id="page-login"' in visit(rp).data


def test_the_page_of_one_session_ends_nothing_in_another(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada)
    thief = another_browser(rp)
    thief.log_in(visit(thief))
    page = go_to_not_me(rp, strange)
    form = fields_of(page) | {"csrf_token": fields_of(visit(thief))["csrf_token"]}

    sent = thief.browser.post(
        NOT_ME, data={**form, "new_password": NEW}, base_url="https://id.example.test"
    )

    assert sent.headers["Location"] == ACTIVITY
    assert found(rp, strange).answer is None


@pytest.mark.parametrize(
    ("new", "said"),
    [("", "Enter a new password."), (NEW[:3], "15 characters")],
)
def test_a_new_password_that_will_not_do_ends_nothing_yet(rp, ada, new, said):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada)

    page = submit(rp.browser, go_to_not_me(rp, strange), NOT_ME, new_password=new)

    assert page.status_code == 400
    assert said in text_of(page)
    assert found(rp, strange).answer is None
    assert rp.follow(submit(rp.browser, page, NOT_ME, new_password=NEW)).status_code == 200
    assert found(rp, strange).answer == "not_me"


def test_a_yes_that_somebody_else_said_can_be_taken_back(rp, ada):
    rp.sign_in()
    strange = a_strange_one(rp.provider, ada, features={"country": "NO"})
    act(rp, ME, decision=strange.id)
    assert "It was not me after all" in text_of(visit(rp, ACTIVITY))

    rp.follow(submit(rp.browser, go_to_not_me(rp, strange), NOT_ME, new_password=NEW))
    assert found(rp, strange).answer == "not_me"

    act(rp, ME, decision=strange.id)
    assert found(rp, strange).answer == "not_me", "a no stands"
    assert go_to_not_me_again(rp, strange).request.path == ACTIVITY


def go_to_not_me_again(rp, decision):
    page = rp.follow(rp.get(f"{NOT_ME}?sign_in={decision.id}"))
    return rp.log_in(page, password=NEW)


def test_half_done_sign_ins_and_links_are_worth_nothing_behind_a_no(rp, ada):
    rp.sign_in()
    secret = rp.provider.add_totp(ada)
    strange = a_strange_one(rp.provider, ada)
    half = another_browser(rp)
    step = half.log_in(visit(half))
    page = rp.submit(go_to_not_me(rp, strange), code=rp.provider.code(secret))
    rp.follow(submit(rp.browser, page, NOT_ME, new_password=NEW))

    rp.provider.clock.forward(minutes=1)
    assert b'id="page-login"' in half.submit(step, code=rp.provider.code(secret)).data


def test_offline_access_goes_even_where_a_new_password_leaves_it(make):
    provider = make(offline_survives_password_change=True).provider
    rp = party(provider, grant_types=BOTH, scope=OFFLINE)
    tokens = rp.sign_in(scope="openid offline_access", prompt="consent")
    strange = a_strange_one(rp.provider, find(rp))

    rp.follow(submit(rp.browser, go_to_not_me(rp, strange), NOT_ME, new_password=NEW))

    assert refused(refresh(rp, tokens["refresh_token"])) == GRANT


def test_where_somebody_else_was_in_this_very_browser_it_is_forgotten_too(rp, ada):
    rp.sign_in()
    with rp.provider.context() as ctx:
        (session,) = sessions.list_live_of_user(ctx.db, ada.id, ctx.now)
    strange = a_strange_one(rp.provider, ada, device_id=session.device_id, outcome="ask_again")

    rp.follow(submit(rp.browser, go_to_not_me(rp, strange), NOT_ME, new_password=NEW))

    with rp.provider.context() as ctx:
        assert known_devices.list_of_user(ctx.db, ada.id) == []


# What stays of it


def test_decisions_and_habits_go_with_their_user(rp, ada):
    rp.sign_in()
    act(rp, ME, decision=a_strange_one(rp.provider, ada, features={"country": "NO"}).id)
    with rp.provider.context() as ctx:
        administration.delete_user(ctx, "ada")

    with rp.provider.context() as ctx:
        for table in (decision_table, habit_table):
            assert ctx.db.read(select(table.c.user_id)).all() == []


def test_a_letter_tells_of_a_no(make, monkeypatch):
    rp = make(**MAIL)
    rp.sign_in()
    strange = a_strange_one(rp.provider, find(rp))
    page = go_to_not_me(rp, strange)
    kept = letters(monkeypatch)

    rp.follow(submit(rp.browser, page, NOT_ME, new_password=NEW))

    assert [each["subject"].split(" · ")[0] for each in kept] == [
        "Everybody was signed out of your account"
    ]
