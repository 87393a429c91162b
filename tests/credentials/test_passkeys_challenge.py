"""One challenge is answered once, ever: by its browser, for its purpose and its user."""

import json
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.credentials import passkeys
from idp.credentials.passkeys import Refused, Shown
from idp.kernel.secrets import MasterKey
from idp.store import spent
from idp.store.database import Database
from idp.store.schema import spent as spent_table
from idp.store.webauthn_credentials import Passkey
from tests.credentials.conftest import NOON, Provider
from tests.credentials.passkey_steps import (
    BROWSER,
    OTHER_BROWSER,
    Person,
    bob,
    burnt,
    device,
    names_of_events,
)
from tests.support.spec import spec


@pytest.fixture
def alice(provider):
    return Person(provider)


@pytest.fixture
def key(alice):
    made = device()
    alice.owns(made)
    return made


@spec("WebAuthn §13.4.3", "ASVS 6.7.2")
def test_a_replayed_assertion_is_refused(alice, provider, key):
    for begin, finish in (
        (alice.begin_sign_in, alice.finish_sign_in),
        (alice.begin_factor, alice.finish_factor),
    ):
        ceremony = begin()
        answer = key.get(ceremony.options)

        assert isinstance(finish(ceremony, answer), Shown)
        assert finish(ceremony, answer) == Refused("replayed")
        assert finish(ceremony, key.get(ceremony.options)) == Refused("replayed")
    assert names_of_events(provider).count("passkey.accepted") == 2


@spec("WebAuthn §13.4.3")
def test_a_replayed_registration_is_refused(alice):
    ceremony = alice.begin_registration()
    answer = device().create(ceremony.options)

    assert isinstance(alice.finish_registration(ceremony, answer), Passkey)
    assert alice.finish_registration(ceremony, answer) == Refused("replayed")


@spec("WebAuthn §13.4.3")
@pytest.mark.parametrize("garbage", ["", "{}", "no JSON", "[]", '{"id": 1}'])
def test_a_refused_answer_burns_its_challenge_too(alice, provider, key, garbage):
    ceremony = alice.begin_sign_in()

    assert alice.finish_sign_in(ceremony, garbage) == Refused("malformed")
    assert alice.finish_sign_in(ceremony, key.get(ceremony.options)) == Refused("replayed")
    assert "passkey.accepted" not in names_of_events(provider)


def test_another_browser_neither_answers_nor_burns(alice, key):
    ceremony = alice.begin_sign_in()
    answer = key.get(ceremony.options)
    made = alice.begin_registration()
    factor = alice.begin_factor()

    assert alice.finish_sign_in(ceremony, answer, OTHER_BROWSER) == Refused("browser")
    assert alice.finish_sign_in(ceremony, answer, b"") == Refused("browser")
    assert alice.finish_factor(factor, answer, OTHER_BROWSER) == Refused("browser")
    refused = alice.finish_registration(made, device().create(made.options), "", OTHER_BROWSER)
    assert refused == Refused("browser")
    assert isinstance(alice.finish_sign_in(ceremony, answer), Shown)


def test_an_answer_for_one_purpose_is_none_for_another(alice, key):
    sign_in, factor, verified = (
        alice.begin_sign_in(),
        alice.begin_factor(),
        alice.begin_factor(verify=True),
    )

    assert alice.finish_factor(sign_in, key.get(sign_in.options)) == Refused("challenge")
    for ceremony in (factor, verified):
        assert alice.finish_sign_in(ceremony, key.get(ceremony.options)) == Refused("challenge")
        made = alice.finish_registration(ceremony, key.get(ceremony.options))
        assert made == Refused("challenge")


def test_a_challenge_made_for_one_user_is_not_answered_for_another(alice, provider, key):
    other = bob(provider)
    his = device()
    other.owns(his)
    factor, registration = other.begin_factor(), other.begin_registration()

    assert alice.finish_factor(factor, his.get(factor.options)) == Refused("foreign_user")
    made = alice.finish_registration(registration, device().create(registration.options))
    assert made == Refused("foreign_user")


def test_the_answer_to_another_challenge_of_ours_is_refused(alice, key):
    first, second = alice.begin_sign_in(), alice.begin_sign_in()

    assert alice.finish_sign_in(first, key.get(second.options)) == Refused("challenge")
    assert isinstance(alice.finish_sign_in(second, key.get(second.options)), Shown)


def test_a_challenge_does_not_outlive_its_time(alice, provider, key):
    lifetime = provider.settings.authorization_lifetime
    in_time, late = alice.begin_sign_in(), alice.begin_sign_in()

    provider.passes(lifetime - timedelta(seconds=1))
    assert isinstance(alice.finish_sign_in(in_time, key.get(in_time.options)), Shown)
    provider.passes(timedelta(seconds=1))
    assert alice.finish_sign_in(late, key.get(late.options)) == Refused("challenge")


def test_a_ticket_that_we_did_not_sign_is_refused(alice, provider, key):
    ceremony = alice.begin_sign_in()
    answer = key.get(ceremony.options)
    for ticket in ("", ".", "\ud800", "x" * 9000, ceremony.ticket[:-1], ceremony.ticket + "A"):
        forged = type(ceremony)(ceremony.options, ticket)
        assert alice.finish_sign_in(forged, answer) == Refused("challenge")
    provider.house.provide(MasterKey(secrets.token_bytes(32)))
    assert alice.finish_sign_in(ceremony, answer) == Refused("challenge")


@spec("ASVS 6.7.2")
def test_challenges_stay_burnt_and_open_ones_open_across_a_restart(alice, provider, key):
    answered, waiting = alice.begin_sign_in(), alice.begin_sign_in()
    answer = key.get(answered.options)
    alice.finish_sign_in(answered, answer)

    again = Person(Provider(Database(provider.database.engine), provider.settings, provider.house))

    assert again.finish_sign_in(answered, answer) == Refused("replayed")
    assert isinstance(again.finish_sign_in(waiting, key.get(waiting.options)), Shown)


def test_a_challenge_whose_answer_crashed_is_not_burnt(alice, provider, key):
    """I9: whoever the house failed may try again."""
    ceremony = alice.begin_sign_in()
    answer = key.get(ceremony.options)

    def crash_behind_the_proof():
        with provider.request() as ctx:
            passkeys.finish_sign_in(ctx, ceremony.ticket, answer, BROWSER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash_behind_the_proof()

    assert names_of_events(provider) == ["passkey.added"]
    assert isinstance(alice.finish_sign_in(ceremony, answer), Shown)


def test_what_is_burnt_is_a_hash_and_forgotten_once_it_is_too_old_to_be_answered(
    alice, provider, key
):
    ceremony = alice.begin_sign_in()
    answer = key.get(ceremony.options)
    alice.finish_sign_in(ceremony, answer)
    with provider.request() as ctx:
        keys = list(ctx.db.read(select(spent_table.c.key)).scalars())
    assert json.loads(ceremony.options)["challenge"] not in repr(keys)
    assert {len(each) for each in keys} == {32}

    forgotten = []
    for _ in range(8):
        provider.passes(timedelta(minutes=10))
        with provider.request() as ctx:
            forgotten.append(spent.purge(ctx.db, ctx.now))
        assert isinstance(alice.finish_sign_in(ceremony, answer), Refused)

    assert forgotten.index(2) * timedelta(minutes=10) >= provider.settings.authorization_lifetime
    assert sum(forgotten) == 2
    assert provider.now > NOON
    assert burnt(provider) == 0
