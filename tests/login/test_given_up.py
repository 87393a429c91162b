"""Who has the password and no second step: the owner hears of a stranger, and of nobody else."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from idp.credentials import notices
from idp.login import given_up
from idp.policy.book import Rule, Then, When
from idp.policy.terms import Moment, Outcome
from idp.store import decisions, spent
from idp.store.schema import login_attempts
from tests.account.people import MAIL, letters
from tests.app import BUILT_IN, PASSWORD, Provider, RelyingParty, make_provider
from tests.login.judged import decided, in_another_browser, signs_in
from tests.login.keys import count, page_id
from tests.presence.places import AWAY, CHROME, FIREFOX, HOME, move, ruled
from tests.presence.places import letters as queued
from tests.protocol.parties import party
from tests.support.spec import spec

SUBJECT = "Somebody had your password, and was not let in"


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Provider:
    return make_provider(database_url, tmp_path, policy=BUILT_IN, **MAIL)


@pytest.fixture
def secret(provider: Provider) -> str:
    return provider.add_totp(provider.add_user())


@pytest.fixture
def rp(provider: Provider, secret: str) -> RelyingParty:
    """Ada's browser, in which she has signed in before."""
    made = party(provider, first_party=True)
    move(made.browser)
    made.submit(signs_in(made), code=provider.code(secret))
    later(provider, hours=30)
    return made


@pytest.fixture
def mails(rp: RelyingParty, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    return letters(monkeypatch)


def stranger(rp: RelyingParty, address: str = AWAY, user_agent: str = CHROME) -> RelyingParty:
    other = in_another_browser(rp)
    move(other.browser, address, user_agent)
    return other


def half_way(rp: RelyingParty) -> Any:
    """Give the password, and see the second step asked for."""
    page = signs_in(rp)
    assert page_id(page) == "login-code"
    return page


def later(provider: Provider, **duration: float) -> int:
    """Let time pass, and the worker come by."""
    provider.clock.forward(**(duration or {"minutes": 16}))
    with provider.context() as ctx:
        spent.purge(ctx.db, ctx.now)
    return come_by(provider)


def come_by(provider: Provider, _: int = 0) -> int:
    with provider.context() as ctx:
        return given_up.forget_expired(ctx)


@spec("ASVS 5.0 §6.3.5")
def test_who_had_the_password_in_a_new_browser_and_stopped_is_told_of(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    half_way(stranger(rp))
    asked_at = provider.clock.now
    assert mails == [], "they may still go on"

    later(provider)

    (letter,) = mails
    assert letter["subject"].startswith(SUBJECT)
    (prompt,) = (each for each in decided(provider) if each.sid is None)
    for told in (
        "nobody was let in",
        "Chrome on Windows",
        AWAY,
        f"{asked_at:%Y-%m-%d %H:%M}",
        f"{notices.NOT_ME}?sign_in={prompt.id}",
    ):
        assert told in letter["text"]
    assert count(provider, login_attempts) == 0


def test_the_letter_leads_to_where_a_no_puts_a_new_password_in_place(
    provider: Provider, rp: RelyingParty, secret: str, mails: list[dict[str, str]]
):
    half_way(stranger(rp))
    later(provider)
    link = next(word for word in mails[0]["text"].split() if notices.NOT_ME in word)

    page = rp.follow(rp.get(link.partition("id.example.test")[2]))
    if page_id(page) == "login":
        page = rp.log_in(page)
        page = rp.submit(page, code=provider.code(secret))

    assert page_id(page) == "account-not-me", page.get_data(as_text=True)


def test_who_cancels_has_stopped_as_well(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    other = stranger(rp)
    other.submit(half_way(other), action="cancel")

    later(provider)

    assert len(mails) == 1


def test_who_shows_the_second_step_is_told_of_as_a_new_browser_alone(
    provider: Provider, rp: RelyingParty, secret: str, mails: list[dict[str, str]]
):
    other = stranger(rp)
    other.submit(half_way(other), code=provider.code(secret))

    later(provider)

    assert [SUBJECT in each["subject"] for each in mails] == [False]


def test_who_begins_anew_in_the_same_browser_and_gets_in_did_not_stop(
    provider: Provider, rp: RelyingParty, secret: str, mails: list[dict[str, str]]
):
    other = stranger(rp)
    half_way(other)
    provider.clock.forward(minutes=5)
    other.submit(half_way(other), code=provider.code(secret))

    later(provider)

    assert not any(SUBJECT in each["subject"] for each in mails)


def test_a_browser_that_is_known_may_stop_where_it_likes(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    everybody = When(moments=frozenset({Moment.SIGN_IN}))
    ruled(provider, Rule("everybody", everybody, Then(outcome=Outcome.ASK_FACTOR)))
    rp.browser.delete_cookie("__Host-idp_session", domain="id.example.test")
    half_way(rp)
    assert any(each.sid is None for each in decided(provider)), "it was a prompt of the policy's"

    later(provider)

    assert mails == []


def test_who_came_by_a_link_of_ours_had_no_password(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    half_way(stranger(rp))
    with provider.context() as ctx:
        ctx.db.write(update(login_attempts).values(amr=["mail"]))

    later(provider)

    assert mails == []


def test_nobody_is_a_stranger_to_an_account_that_was_never_used(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    provider.add_totp(provider.add_user())
    kept = letters(monkeypatch)
    half_way(stranger(party(provider, first_party=True)))

    later(provider)

    assert kept == []


def test_who_tries_all_day_is_told_of_once_and_another_one_besides(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    for address in (AWAY, AWAY, HOME):
        half_way(stranger(rp, address))
        later(provider)
    assert len(mails) == 2

    later(provider, hours=25)
    half_way(stranger(rp))
    later(provider)

    assert len(mails) == 3


def test_a_browser_that_its_user_vouched_for_is_not_told_of(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    half_way(stranger(rp))
    (prompt,) = (each for each in decided(provider) if each.sid is None)
    with provider.context() as ctx:
        assert decisions.answer(ctx.db, prompt.id, prompt.user_id, "me", ctx.now)

    later(provider)

    assert mails == []


def test_of_workers_that_come_by_at_once_one_tells(provider: Provider, rp: RelyingParty):
    for number in range(3):
        half_way(stranger(rp, f"198.51.{number}.20", FIREFOX))
    provider.clock.forward(minutes=16)

    before = queued(provider)
    with ThreadPoolExecutor(4) as pool:
        removed = list(pool.map(partial(come_by, provider), range(4)))

    assert sum(removed) == 3
    assert queued(provider) == before + 3


def test_a_wrong_password_is_no_half_of_a_sign_in(
    provider: Provider, rp: RelyingParty, mails: list[dict[str, str]]
):
    other = stranger(rp)
    other.log_in(other.authorize(), password=PASSWORD + "x")

    assert later(provider) == 0
    assert mails == []
