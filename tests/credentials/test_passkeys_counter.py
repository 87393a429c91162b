"""The signature counter: a copy of a key gives itself away, and its owner is not locked out."""

from datetime import timedelta

import pytest

from idp.credentials import passkeys
from idp.credentials.passkeys import Refused, Shown
from tests.credentials.conftest import ALICE
from tests.credentials.passkey_steps import Person, device, names_of_events
from tests.support.spec import spec


@pytest.fixture
def alice(provider):
    return Person(provider)


@spec("WebAuthn §6.1.1")
def test_an_authenticator_that_does_not_count_is_believed(alice):
    key = device(counts=False)
    made = alice.owns(key)

    assert [alice.sign_in(key) for _ in range(3)] == [Shown(ALICE.id, made.id, ("pop", "uv"))] * 3
    assert [each.sign_count for each in alice.passkeys()] == [0]


@spec("WebAuthn §7.2", "WebAuthn §6.1.1")
def test_a_counter_that_does_not_rise_is_refused_and_marks_the_passkey(alice, provider):
    key = device()
    made = alice.owns(key)
    alice.sign_in(key, sign_count=7)
    before = alice.passkeys()
    provider.passes(timedelta(minutes=1))

    for presented in (7, 6, 0):
        assert alice.sign_in(key, sign_count=presented) == Refused("counter")
        assert alice.factor(key, sign_count=presented) == Refused("counter")

    [after] = alice.passkeys()
    assert after.suspected_at == provider.now
    assert (after.sign_count, after.last_used_at) == (7, before[0].last_used_at)
    suspected = [data for name, data in provider.events() if name == "passkey.suspected"]
    assert suspected == [
        {"passkey_id": made.id, "presented": presented, "stored": 7}
        for presented in (7, 7, 6, 6, 0, 0)
    ]


@spec("WebAuthn §6.1.1")
def test_a_copy_gives_itself_away_and_the_owner_gets_in_again(alice, provider):
    key = device()
    alice.owns(key)
    copy = key.clone()

    assert isinstance(alice.sign_in(copy), Shown)
    assert alice.sign_in(key) == Refused("counter")
    marked_at = provider.now
    provider.passes(timedelta(minutes=1))
    assert isinstance(alice.sign_in(key), Shown)
    assert [each.suspected_at for each in alice.passkeys()] == [marked_at]
    assert names_of_events(provider).count("passkey.suspected") == 1


def test_a_passkey_stays_marked_until_its_owner_knows_why(alice, provider):
    key = device()
    made = alice.owns(key)
    alice.sign_in(key, sign_count=1)

    with provider.request() as ctx:
        assert passkeys.rename(ctx, ALICE.id, made.id, "Old one")
        assert not passkeys.acknowledge(ctx, "bob-id", made.id)
        assert passkeys.list_for(ctx, ALICE.id)[0].suspected_at is not None
        assert passkeys.acknowledge(ctx, ALICE.id, made.id)
        assert not passkeys.acknowledge(ctx, ALICE.id, made.id), "once is enough"

    assert [(each.name, each.suspected_at) for each in alice.passkeys()] == [("Old one", None)]
    expected = ["passkey.suspected", "passkey.renamed", "passkey.acknowledged"]
    assert names_of_events(provider)[-3:] == expected


def test_nobody_marks_a_passkey_without_holding_its_key(alice, provider):
    key = device()
    alice.owns(key)

    assert alice.sign_in(key, sign_count=0, bad_signature=True) == Refused("signature")
    assert [each.suspected_at for each in alice.passkeys()] == [None]
    assert "passkey.suspected" not in names_of_events(provider)


def test_the_highest_counter_fits(alice):
    key = device()
    alice.owns(key)

    assert isinstance(alice.sign_in(key, sign_count=2**32 - 1), Shown)
    assert alice.sign_in(key, sign_count=2**32 - 1) == Refused("counter")


def test_of_parallel_assertions_with_one_counter_one_is_accepted(alice, provider):
    """The first answer of each challenge is judged; the counter's row decides between them."""
    key = device()
    alice.owns(key)
    ceremonies = [alice.begin_sign_in() for _ in range(12)]
    waiting = [(each, key.get(each.options, sign_count=50)) for each in ceremonies]

    def show(_):
        ceremony, answer = waiting.pop()
        return alice.finish_sign_in(ceremony, answer)

    answers = provider.together(12, show)

    assert answers.count(Refused("counter")) == 11
    assert names_of_events(provider).count("passkey.accepted") == 1
    assert names_of_events(provider).count("passkey.suspected") == 11
