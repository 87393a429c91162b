"""Growing waits: no failure is lost, and no stranger makes a known device wait (I11)."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from idp.credentials import throttle
from idp.credentials.throttle import ACCOUNT, NETWORK
from idp.store import throttles
from idp.store.schema import throttles as table
from idp.store.throttle_keys import network_of
from tests.support.spec import spec

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def attempt(provider, who="alice", device=None, factor="password", address="192.0.2.1"):
    with provider.request(address) as ctx:
        return throttle.admit(ctx, who, device, factor)


def success(provider, who="alice", device=None, factor="password"):
    with provider.request() as ctx:
        throttle.succeeded(ctx, who, device, factor)


def exhaust(provider, **of):
    while attempt(provider, **of) is None:
        pass


@spec("NIST SP 800-63B-4 §3.2.2", "ASVS 6.3.1")
@pytest.mark.parametrize(
    ("attempts", "wait"),
    [
        (0, 0 * SECOND),
        (4, 0 * SECOND),
        (5, SECOND),
        (6, 2 * SECOND),
        (7, 4 * SECOND),
        (14, 512 * SECOND),
        (15, 15 * MINUTE),
        (99, 15 * MINUTE),
        (100, DAY),
        (10**6, DAY),
    ],
)
def test_the_wait_doubles_from_the_fifth_failure_on(attempts, wait):
    assert ACCOUNT.wait_after(attempts) == wait


@pytest.mark.parametrize("schedule", [ACCOUNT, NETWORK])
@given(attempts=st.integers(0, 2000))
def test_the_wait_never_shrinks_and_the_counter_outlives_it(schedule, attempts):
    wait = schedule.wait_after(attempts)

    assert wait <= schedule.wait_after(attempts + 1) < schedule.forgotten_after


@pytest.mark.parametrize("schedule", [ACCOUNT, NETWORK])
@given(attempts=st.integers(1, 2000))
def test_the_steps_that_the_database_counts_by_say_the_same(schedule, attempts):
    waits = (wait for count, wait in schedule.steps() if attempts >= count)

    assert next(waits, timedelta(0)) == schedule.wait_after(attempts)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_a_network_is_what_one_customer_has(address, network):
    assert network_of(address) == network


@spec("NIST SP 800-63B-4 §3.2.2")
def test_after_the_free_attempts_the_next_one_waits_longer_each_time(provider):
    assert [attempt(provider) for _ in range(7)] == [None] * 5 + [SECOND] * 2
    for wait in (1, 2, 4, 8):
        provider.passes(wait * SECOND - SECOND / 10)
        assert attempt(provider) == SECOND / 10
        provider.passes(SECOND / 10)
        assert attempt(provider) is None


@spec("NIST SP 800-63B-4 §3.2.2", "ASVS 6.3.1")
def test_a_machine_gets_a_hundred_attempts_and_then_one_a_day(provider):
    admitted = 0
    for _ in range(5000):
        provider.passes(attempt(provider) or timedelta(0))
        if attempt(provider) is None:
            admitted += 1
        if (attempt(provider) or timedelta(0)) == DAY:
            break
    with provider.request() as ctx:
        attempts = max(ctx.db.read(select(table.c.attempts)).scalars())

    assert attempts == 100


@spec("NIST SP 800-63B-4 §3.2.2", "ASVS 6.3.1")
def test_of_a_hundred_guesses_at_once_only_the_free_ones_are_admitted(provider):
    answers = provider.together(100, lambda ctx: throttle.admit(ctx, "alice", None, "password"))

    assert answers.count(None) == ACCOUNT.free
    assert all(answer is None or answer >= SECOND for answer in answers)
    with provider.request() as ctx:
        counts = sorted(ctx.db.read(select(table.c.attempts)).scalars())
    assert counts == [ACCOUNT.free, ACCOUNT.free]  # the account's and the network's


@spec("ASVS 6.3.1")
def test_guesses_at_many_accounts_from_one_network_are_limited_at_once(provider):
    names = iter([f"user{n}" for n in range(150)])

    answers = provider.together(150, lambda ctx: throttle.admit(ctx, next(names), None, "password"))

    assert answers.count(None) == NETWORK.free
    assert attempt(provider, "user1") is not None
    assert attempt(provider, "user1", address="198.51.100.7") is None
    with provider.request() as ctx:  # who was refused for the network's sake is not charged
        assert sum(ctx.db.read(select(table.c.attempts)).scalars()) == 2 * NETWORK.free + 2


def test_a_crash_after_an_attempt_does_not_lose_it(provider):
    for _ in range(5):
        with suppress(ZeroDivisionError), provider.request() as ctx:
            assert throttle.admit(ctx, "alice", None, "password") is None
            raise ZeroDivisionError

    assert attempt(provider) == SECOND


def test_an_attempt_holds_no_lock_while_it_is_looked_at(provider):
    with provider.request() as slow:
        assert throttle.admit(slow, "alice", None, "password") is None
        assert attempt(provider) is None


@spec("ASVS 6.3.1")
def test_a_stranger_cannot_make_a_known_device_wait(provider):
    exhaust(provider)
    for n in range(NETWORK.free):
        attempt(provider, who=f"user{n}")

    assert attempt(provider) is not None
    assert attempt(provider, device="alices-laptop") is None


def test_a_known_device_that_guesses_waits_and_nobody_else(provider):
    exhaust(provider, device="alices-laptop")

    assert attempt(provider, device="alices-laptop") == SECOND
    assert attempt(provider, device="alices-phone") is None
    assert attempt(provider) is None
    assert attempt(provider, who="bob", device="alices-laptop") is None


@spec("NIST SP 800-63B-4 §3.2.2")
def test_success_forgets_the_failures_of_the_account(provider):
    exhaust(provider)
    success(provider)

    assert [attempt(provider) for _ in range(5)] == [None] * 5


def test_success_on_a_known_device_forgets_its_own_failures_only(provider):
    exhaust(provider)
    exhaust(provider, device="alices-laptop")
    success(provider, device="alices-laptop")

    assert attempt(provider, device="alices-laptop") is None
    assert attempt(provider) is not None


def test_those_who_succeed_cost_their_network_nothing(provider):
    for n in range(2 * NETWORK.free):
        assert attempt(provider, who=f"user{n}") is None
        success(provider, who=f"user{n}")


def test_each_factor_counts_for_itself(provider):
    exhaust(provider)

    assert attempt(provider, factor="totp") is None


def test_a_counter_is_forgotten_after_a_quiet_time(provider):
    exhaust(provider)
    provider.passes(ACCOUNT.forgotten_after)

    assert [attempt(provider) for _ in range(5)] == [None] * 5
    assert attempt(provider) == SECOND


def test_old_counters_are_removed_and_young_ones_stay(provider):
    attempt(provider, who="alice")
    provider.passes(ACCOUNT.forgotten_after)
    attempt(provider, who="bob")
    with provider.request() as ctx:
        removed = throttles.purge(ctx.db, ctx.now)

    assert removed == 1  # the network's counter began anew with bob


def test_the_table_tells_nobody_who_tried_to_sign_in(provider):
    attempt(provider, who="alice@wonderland.example")
    with provider.request() as ctx:
        keys = ctx.db.read(select(table.c.key)).scalars().all()

    assert {len(key) for key in keys} == {32}


@pytest.mark.parametrize("who", ["", "nul\0", "\ud800", "x" * 100_000])
def test_any_identifier_can_be_counted(provider, who):
    assert [attempt(provider, who=who) for _ in range(6)] == [None] * 5 + [SECOND]
