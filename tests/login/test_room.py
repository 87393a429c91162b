"""As many sessions as the policy lets a user have: the oldest ends, or the new one waits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from idp.policy.terms import AtLimit
from tests.app import fields_of, submit, text_of
from tests.login.judged import (
    BARE,
    FIREFOX,
    all_sessions,
    close_window,
    in_another_browser,
    is_alive,
    signs_in,
)
from tests.login.keys import page_id, user_of
from tests.machines.statements import overheard
from tests.presence.places import ruled
from tests.support.judged import CHROME
from tests.support.spec import spec

APP = "app.example.test"
TWO = BARE + "[defaults]\nsessions = 2\n"
REFUSE = BARE + '[defaults]\nsessions = 1\nat_limit = "refuse_new"\n'
# More would have to wait: they are guesses of strangers.
AT_ONCE = 4


def live(provider):
    return [each for each in all_sessions(provider) if each.ended_at is None]


def browsers(rp, count):
    return [rp, *(in_another_browser(rp) for _ in range(count - 1))]


@spec("ASVS 7.1.2")
def test_the_one_unused_for_longest_ends_for_the_new_one(party):
    first, second, third = browsers(party(policy=TWO), 3)
    for rp in (first, second):
        signs_in(rp)
        rp.provider.clock.forward(minutes=10)
    first.authorize(prompt="none")
    third.provider.clock.forward(minutes=10)

    assert page_id(signs_in(third)) == APP

    ended = [each for each in all_sessions(first.provider) if each.ended_at]
    assert [each.end_reason for each in ended] == ["session_limit"]
    assert (is_alive(first), is_alive(second), is_alive(third)) == (True, False, True)


@spec("ASVS 7.1.2")
def test_a_new_proof_in_a_browser_that_is_signed_in_takes_no_room(party):
    first, second = browsers(party(policy=TWO), 2)
    signs_in(first)
    signs_in(second)
    first.provider.clock.forward(minutes=1)

    first.log_in(first.authorize(prompt="login"))

    assert len(live(first.provider)) == 2


def test_what_idled_out_takes_no_room(party):
    first, second, third = browsers(party(policy=TWO), 3)
    signs_in(first)
    signs_in(second)
    third.provider.clock.forward(hours=2)

    signs_in(third)

    assert [each.end_reason for each in all_sessions(third.provider) if each.ended_at] == []


@spec("ASVS 7.1.2")
def test_where_new_ones_wait_the_person_reads_where_they_are_signed_in_and_may_end_it(party):
    first, second = browsers(party(policy=REFUSE), 2)
    first.browser.environ_base["HTTP_USER_AGENT"] = FIREFOX
    signs_in(first)

    page = signs_in(second)

    assert page_id(page) == "login-room"
    assert "You are signed in elsewhere" in text_of(page)
    assert "Firefox on Linux" in text_of(page)
    assert len(live(first.provider)) == 1
    assert page_id(second.submit(page, action="make_room")) == APP
    assert (is_alive(first), is_alive(second)) == (False, True)
    ended = [each.end_reason for each in all_sessions(first.provider) if each.ended_at]
    assert ended == ["session_limit"]


def test_where_fewer_may_be_than_are_the_page_says_which_of_them_end(party):
    first, second, third, fourth = browsers(party(policy=BARE), 4)
    for rp, agent in ((first, FIREFOX), (second, CHROME), (third, FIREFOX)):
        rp.browser.environ_base["HTTP_USER_AGENT"] = agent
        signs_in(rp)
        rp.provider.clock.forward(minutes=1)
    ruled(first.provider, sessions=2, at_limit=AtLimit.REFUSE_NEW)

    page = signs_in(fourth)

    said = text_of(page)
    assert "Your account can be used in 2 places at a time." in said
    assert said.count("Will be signed out") == 2
    assert "Will be signed out" not in said.split("Chrome on")[0], "the newest stays"
    assert "Sign out the 2 unused for longest, and go on" in said
    assert page_id(fourth.submit(page, action="make_room")) == APP
    assert [is_alive(rp) for rp in (first, second, third, fourth)] == [False, False, True, True]


def test_who_finds_room_by_then_ends_nothing(party):
    first, second = browsers(party(policy=REFUSE), 2)
    signs_in(first)
    page = signs_in(second)
    account = first.get("/account")
    submit(first.browser, account, "/account/sign-out")

    page = second.get(f"/login/room?ticket={fields_of(page)['ticket']}")

    assert "Sign out" not in text_of(page)
    assert page_id(second.submit(page, action="make_room")) == APP
    ended = [each.end_reason for each in all_sessions(first.provider) if each.ended_at]
    assert ended == ["user_logout"]


def test_nobody_reads_where_somebody_is_signed_in_before_the_second_step(party):
    first, second = browsers(party(policy=REFUSE), 2)
    secret = first.provider.add_totp(user_of(first.provider))
    first.submit(signs_in(first), code=first.provider.code(secret))
    first.provider.clock.forward(minutes=1)

    step = signs_in(second)
    ticket = fields_of(step)["ticket"]
    early = second.follow(second.get(f"/login/room?ticket={ticket}"))

    assert page_id(step) == "login-code"
    assert page_id(early) == "login"
    assert page_id(second.submit(step, code=first.provider.code(secret))) == "login-room"


def test_the_user_is_held_before_anything_is_taken_for_the_room(party):
    first, second = browsers(party(policy=REFUSE), 2)
    signs_in(first)
    page = signs_in(second)

    with overheard(first.provider) as heard:
        second.submit(page, action="make_room")

    changes = [
        n for n, it in enumerate(heard.work) if it.startswith(("INSERT", "UPDATE", "DELETE"))
    ]
    held = [n for n, it in enumerate(heard.work) if it.startswith("SELECT users.id FROM users")]
    assert held
    assert held[0] < changes[0]


def test_who_would_rather_not_goes_back_and_ends_nothing(party):
    first, second = browsers(party(policy=REFUSE), 2)
    signs_in(first)

    page = second.submit(signs_in(second), action="cancel")

    assert second.answer(page)["error"] == "access_denied"
    assert is_alive(first)


def test_who_came_on_their_own_may_change_their_mind_as_well(party):
    first, second = browsers(party(policy=REFUSE), 2)
    signs_in(first)
    first.provider.clock.forward(minutes=10)
    page = second.log_in(second.follow(second.get("/account")))
    assert page_id(page) == "login-room"
    assert "Last used 10 minutes ago" in text_of(page)

    page = second.submit(page, action="cancel")

    assert page_id(page) == "login"
    assert is_alive(first)
    assert len(all_sessions(first.provider)) == 1


def test_the_same_browser_signs_in_again_after_its_window_was_closed_in_the_place_of_the_old(party):
    (rp,) = browsers(party(policy=TWO), 1)
    for _ in range(4):
        signs_in(rp)
        close_window(rp)
        rp.provider.clock.forward(minutes=1)

    assert len(live(rp.provider)) == 2


@spec("ASVS 7.1.2", "ASVS 2.3.4")
@pytest.mark.parametrize("limit", [1, 3])
def test_however_many_sign_in_at_once_no_more_sessions_live_than_may(party, limit):
    policy = BARE + f"[defaults]\nsessions = {limit}\n"
    people = browsers(party(policy=policy), AT_ONCE)
    pages = [each.authorize() for each in people]
    ready = Barrier(AT_ONCE)

    def sign_in(number):
        ready.wait()
        return page_id(people[number].log_in(pages[number]))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        came = list(pool.map(sign_in, range(AT_ONCE)))

    # Who made room for a later one on the way to the app is asked to sign in again.
    assert set(came) <= {APP, "login"}
    assert all(came[n] == APP for n, each in enumerate(people) if is_alive(each))
    provider = people[0].provider
    assert len(live(provider)) == limit
    assert len(all_sessions(provider)) == AT_ONCE
    assert provider.event_names().count("session.ended") == AT_ONCE - limit


@spec("ASVS 7.1.2", "ASVS 2.3.4")
def test_of_many_that_come_at_once_where_new_ones_wait_one_gets_in(party):
    people = browsers(party(policy=REFUSE), AT_ONCE)
    pages = [each.authorize() for each in people]
    ready = Barrier(AT_ONCE)

    def sign_in(number):
        ready.wait()
        return page_id(people[number].log_in(pages[number]))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        came = sorted(pool.map(sign_in, range(AT_ONCE)))

    assert came == sorted([APP, *["login-room"] * (AT_ONCE - 1)])
    assert len(all_sessions(people[0].provider)) == 1
