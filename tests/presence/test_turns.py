"""A copy of all cookies, in the same browser on the same network: found out when both are used.

The rule itself is tested in tests/policy/test_turns.py; here, what comes of it.
"""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from idp.policy.book import Rule, Then, When
from idp.policy.terms import Change, Outcome
from idp.policy.turns import EVERY, SETTLES
from idp.store.schema import sessions
from idp.web.cookies import YEAR
from tests.account.people import letters as mails
from tests.app import Provider, RelyingParty, text_of
from tests.login.test_pathways import uses
from tests.machines.statements import overheard
from tests.presence.places import (
    DEVICE,
    FIREFOX,
    HOME,
    HOST,
    TURN,
    decided,
    how_it_ended,
    in_force,
    letters,
    ruled,
    session_in,
    thief_of,
)
from tests.protocol.parties import page_of
from tests.protocol.refreshing import refreshed


def copy_of(provider: Provider, rp: RelyingParty, *, without: str = "") -> RelyingParty:
    return thief_of(provider, rp, HOME, FIREFOX, without=without)


def turn_in(rp: RelyingParty) -> str | None:
    cookie = rp.browser.get_cookie(TURN, domain=HOST)
    return cookie.value if cookie is not None else None


def number_in(rp: RelyingParty) -> str:
    """The number alone: beside it stands when this browser was given it."""
    return (turn_in(rp) or "").partition(".")[0]


def forward(provider: Provider, waited: timedelta) -> None:
    provider.clock.forward(seconds=waited.total_seconds())


def gets_in(rp: RelyingParty) -> bool:
    return "code" in rp.answer(rp.authorize(prompt="none"))


def go_on(rp: RelyingParty, *waits: timedelta) -> None:
    """Let a browser be used for so long that its turn is another one, and kept."""
    for waited in waits or (EVERY, SETTLES):
        forward(rp.provider, waited)
        assert gets_in(rp)


def test_a_browser_in_use_gets_a_turn_now_and_then_and_nobody_notices(
    provider: Provider, rp: RelyingParty
):
    turns = []
    for _ in range(12):
        forward(provider, EVERY / 2)
        assert gets_in(rp)
        turns.append(number_in(rp))

    assert turns == [
        *("", "1", "1"),
        *("2", "2", "3", "3", "4", "4", "5", "5", "6"),
    ]
    assert decided(provider) == []


def test_the_copy_that_comes_after_the_owner_went_on_is_asked_and_the_owner_is_told(
    provider: Provider, rp: RelyingParty
):
    copy = copy_of(provider, rp)
    go_on(rp)
    before = letters(provider)

    page = copy.authorize()

    assert page_of(page) == "login"
    assert "seems to be in use by a copy of this browser" in page.get_data(as_text=True)
    assert session_in(provider).challenge == "stale_cookie"
    assert decided(provider) == [("ask_again", "stale_cookie")]
    assert letters(provider) == before + 1
    assert how_it_ended(provider) is None


def test_the_letter_says_of_a_session_that_was_ended_that_it_was(
    provider: Provider, rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
):
    kept = mails(monkeypatch)
    copied = When(changes=frozenset({Change.STALE_COOKIE}))
    ruled(provider, Rule("over", copied, Then(outcome=Outcome.END)))
    copy = copy_of(provider, rp)
    go_on(rp)

    assert page_of(copy.authorize()) == "login"

    assert how_it_ended(provider) == "policy:over"
    (letter,) = kept
    assert letter["subject"].startswith("There may be a copy of your session")
    assert "We ended it. Sign in again where you need it." in letter["text"]


def test_the_owner_who_comes_after_the_copy_went_on_goes_on_alone(
    provider: Provider, rp: RelyingParty
):
    token = rp.sign_in()["refresh_token"]
    copy = copy_of(provider, rp)
    go_on(copy)

    page = rp.authorize()

    assert page_of(page) == "login"
    assert rp.answer(rp.log_in(page))["code"]
    assert refreshed(rp, token)["access_token"]
    assert not gets_in(copy)
    go_on(rp)


@pytest.mark.parametrize("name", [TURN, DEVICE])
def test_a_copy_without_one_of_the_cookies_is_no_better(
    provider: Provider, rp: RelyingParty, name: str
):
    go_on(rp)
    copy = copy_of(provider, rp, without=name)

    assert page_of(copy.authorize()) == "login"


def test_a_copy_with_a_number_of_its_own_making_is_behind(provider: Provider, rp: RelyingParty):
    go_on(rp)
    copy, turn = copy_of(provider, rp), turn_in(rp)
    assert turn is not None
    number, given, proof = turn.split(".")
    of_its_own = (
        f"{int(number) + 1}.{given}.{proof}",
        f"{number}.{int(given) - 60}.{proof}",
        f"{number}.{given}.{proof[::-1]}",
        *(number, "", "9" * 3000),
    )

    for forged in of_its_own:
        copy.browser.set_cookie(TURN, forged, domain=HOST, secure=True)
        assert page_of(copy.authorize()) == "login"
        assert session_in(provider).challenge == "stale_cookie"
        assert rp.answer(rp.log_in(rp.authorize()))["code"]
        go_on(rp)
        copy = copy_of(provider, rp)


def test_a_browser_that_never_got_the_answer_is_not_behind(provider: Provider, rp: RelyingParty):
    go_on(rp)
    before = copy_of(provider, rp)
    forward(provider, EVERY)
    lost = copy_of(provider, rp)
    assert gets_in(lost)
    assert number_in(lost) != number_in(before)

    forward(provider, 30 * SETTLES)
    assert gets_in(before)

    assert number_in(before) == number_in(lost)
    assert decided(provider) == []


def test_windows_that_open_all_at_once_are_one_browser(provider: Provider, rp: RelyingParty):
    go_on(rp)
    forward(provider, EVERY)
    windows = [copy_of(provider, rp) for _ in range(5)]

    assert all(gets_in(window) for window in windows)

    assert len({turn_in(window) for window in windows}) == 1


def test_nor_do_they_harm_each_other_where_an_answer_was_lost_long_before(
    provider: Provider, rp: RelyingParty
):
    go_on(rp)
    forward(provider, EVERY)
    assert gets_in(copy_of(provider, rp))
    forward(provider, 3 * EVERY)
    under_way = copy_of(provider, rp)

    assert gets_in(rp)
    assert gets_in(rp)

    assert gets_in(under_way)
    assert decided(provider) == []


def test_what_was_given_by_an_answer_that_failed_makes_nothing_under_way_a_copy(
    provider: Provider, rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
):
    go_on(rp)
    forward(provider, EVERY)
    under_way, before = copy_of(provider, rp), turn_in(rp)

    with monkeypatch.context() as broken:
        broken.setattr("idp.account.pages.advice_for", lambda *_: 1 / 0)
        assert rp.get("/account").status_code == 500
    assert turn_in(rp) != before
    assert gets_in(rp)

    assert gets_in(under_way)
    go_on(rp)
    assert decided(provider) == []


def test_the_turn_begins_anew_with_each_proof(provider: Provider, rp: RelyingParty):
    go_on(rp)
    old = turn_in(rp)
    page = rp.authorize(prompt="login")
    assert rp.answer(rp.log_in(page))["code"]
    assert session_in(provider).turn == 0

    go_on(rp)

    assert turn_in(rp) != old


def test_the_turn_is_there_for_as_long_as_the_secret_may_be(provider: Provider, rp: RelyingParty):
    """A policy may put off the session's end, and a computer's clock leap, behind our backs."""
    forward(provider, EVERY)
    (given,) = (
        each
        for each in rp.get("/account").headers.getlist("Set-Cookie")
        if each.startswith(f"{TURN}=")
    )

    assert re.search(r"; Secure; HttpOnly; Path=/; SameSite=Lax$", given)
    assert f"Max-Age={YEAR};" in given


def test_what_does_not_look_at_the_turn_is_what_the_document_says(
    provider: Provider, rp: RelyingParty
):
    assert uses("sessions.find_standing") == {
        "idp/presence/service.py",
        "idp/account/pages.py",
        "idp/account/staying.py",
        "idp/protocol/logout/endpoint.py",
        # Its own statement, which all of these come to.
        "idp/sessions/service.py",
    }
    copy = copy_of(provider, rp)
    go_on(rp)

    assert copy.get("/account/session").get_json()["idle"] == 15 * 60
    assert "Ada Example" in text_of(copy.get("/logout"))

    assert decided(provider) == []
    assert gets_in(rp)


def test_a_proof_that_was_taken_by_an_older_release_begins_anew_as_well(
    provider: Provider, rp: RelyingParty
):
    """It gives the browser another secret, and leaves what it does not know of as it was."""
    go_on(rp)
    forward(provider, EVERY)
    rp.browser.delete_cookie(TURN, domain=HOST)
    with provider.context() as ctx:
        mine = update(sessions).where(sessions.c.sid == session_in(provider).sid)
        ctx.db.write(mine.values(authenticated_at=ctx.now, last_seen_at=ctx.now))

    assert gets_in(rp)
    go_on(rp)

    assert number_in(rp) == "1"
    assert session_in(provider).turn == 1


def test_where_the_policy_lets_a_copy_go_on_it_gets_the_turn_that_is(
    provider: Provider, rp: RelyingParty
):
    policy = ruled(provider)
    kept = tuple(rule for rule in policy.rules if rule.name != "stale_cookie")
    in_force(provider, type(policy)(version="lenient", defaults=policy.defaults, rules=kept))
    copy = copy_of(provider, rp)
    go_on(rp)

    assert gets_in(copy)

    assert number_in(copy) == number_in(rp)


def test_a_turn_costs_two_statements_in_ten_minutes(provider: Provider, rp: RelyingParty):
    go_on(rp)
    forward(provider, EVERY)
    heard_of = []
    for waited in (timedelta(0), SETTLES / 2, SETTLES / 2, SETTLES):
        forward(provider, waited)
        with overheard(provider) as heard:
            assert gets_in(rp)
        heard_of.append(sum("turn_kept=" in each for each in heard.work))

    assert heard_of == [1, 0, 1, 0]
