"""Growing waits for whoever guesses, and never a lock (NIST SP 800-63B-4 §3.2.2, I11).

An attempt is counted before it is looked at, so a hundred at once get no more than one by one.
Strangers share a counter per account and one per network. A browser that signed the user in before
has a counter of its own and is asked about nothing else: a stranger cannot make it wait.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from idp.context import RequestContext
from idp.kernel.secrets import MasterKey
from idp.store import throttles
from idp.store.throttle_keys import ACCOUNT_KEPT_FOR, ThrottleKeys

_SHORTEST_WAIT = timedelta(seconds=1)
_MOST_DOUBLINGS = 30
# As long as a sign-in of several steps may take, and some of what comes right behind it.
_NOTED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How the wait grows with the failures since the last success."""

    free: int
    longest: timedelta
    forgotten_after: timedelta
    last_straw: int
    from_then_on: timedelta

    def wait_after(self, attempts: int) -> timedelta:
        """Return the wait between this many attempts and the next: nothing, then 1, 2, 4… s."""
        if attempts < self.free:
            return timedelta(0)
        if attempts >= self.last_straw:
            return self.from_then_on
        doublings = min(attempts - self.free, _MOST_DOUBLINGS)
        return min(_SHORTEST_WAIT * (1 << doublings), self.longest)

    @cache  # noqa: B019 - the two schedules below live as long as the process
    def steps(self) -> tuple[tuple[int, timedelta], ...]:
        """Return from which attempt on which wait holds, the latest first."""
        counts = range(self.last_straw, 0, -1)
        waits = [(count, self.wait_after(count)) for count in counts]
        return tuple(each for each in waits if each[1] != self.wait_after(each[0] - 1))


# Five tries are a person's. A quarter of an hour stops a machine and is still a coffee; after a
# hundred §3.2.2 wants the authenticator disabled: one try a day is as good, and heals by itself.
ACCOUNT = Schedule(
    free=5,
    longest=timedelta(minutes=15),
    forgotten_after=ACCOUNT_KEPT_FOR,
    last_straw=100,
    from_then_on=timedelta(days=1),
)
# An office behind one address: only its failures from new browsers count, and a wrong minute is the
# most that a neighbour can cost it. It slows one password tried on many accounts to 60 an hour.
NETWORK = Schedule(
    free=100,
    longest=timedelta(minutes=1),
    forgotten_after=timedelta(hours=1),
    last_straw=1000,
    from_then_on=timedelta(minutes=1),
)


@dataclass(frozen=True, slots=True)
class _Counter:
    """One counter: which row, and how its waits grow."""

    key: bytes
    schedule: Schedule

    def admit(self, ctx: RequestContext) -> bool:
        waits = [(count, ctx.now + wait) for count, wait in self.schedule.steps()]
        until = ctx.now + self.schedule.forgotten_after
        return throttles.admit(ctx.db, self.key, now=ctx.now, waits=waits, forgotten_at=until)


def admit(
    ctx: RequestContext, account_key: str, device_id: str | None, factor: str
) -> timedelta | None:
    """Count an attempt and let it pass (None), or say how long to wait.

    Call it before the request writes anything else: it commits, so that neither a crash nor the
    slow hash that follows can lose the count or hold its lock.

    Args:
        ctx: the request.
        account_key: the submitted identifier's normal form, or the user id after a first factor.
        device_id: only when `devices.is_known` for this user; else each new cookie would buy tries.
        factor: `password`, `totp`, `recovery_code`…: each has its own counters.
    """
    return _admit(ctx, _counters(ctx, account_key, device_id, factor))


def admit_network(ctx: RequestContext, act: str) -> timedelta | None:
    """Count an act of a network that names an account but proves nothing about it.

    No counter per account, or whoever asks often enough would keep its owner from asking.
    """
    return _admit(ctx, [_network_counter(ctx, act)])


def _admit(ctx: RequestContext, counters: list[_Counter]) -> timedelta | None:
    if (wait := _wait(ctx, counters)) is not None:
        return wait
    taken = []
    for counter in counters:
        if not counter.admit(ctx):
            break
        taken.append(counter)
    else:
        ctx.db.commit()
        return None
    for counter in taken:
        throttles.give_back(ctx.db, counter.key, ctx.now)
    ctx.db.commit()
    return _wait(ctx, counters) or _SHORTEST_WAIT


def succeeded(ctx: RequestContext, account_key: str, device_id: str | None, factor: str) -> int:
    """Forget the failures of the account, or of the known device, and free its network's place.

    Return how many there were. For a while they are noted as what the success came after: who
    guessed right looks like who mistyped, but for their number.
    """
    own, *network = _counters(ctx, account_key, device_id, factor)
    # The one that succeeded was counted too.
    failures = max(throttles.reset(ctx.db, own.key) - 1, 0)
    for counter in network:
        throttles.give_back(ctx.db, counter.key, ctx.now)
    if failures:
        noted = _keys(ctx).of_failures_before(account_key)
        throttles.note(ctx.db, noted, failures, ctx.now, until=ctx.now + _NOTED_FOR)
    return failures


def _wait(ctx: RequestContext, counters: list[_Counter]) -> timedelta | None:
    """Return how long to wait; a flood of guesses costs one SELECT each and writes nothing."""
    instant = throttles.next_attempt(ctx.db, [each.key for each in counters], ctx.now)
    return None if instant is None else instant - ctx.now


def _counters(
    ctx: RequestContext, account_key: str, device_id: str | None, factor: str
) -> list[_Counter]:
    """Return the counters of an attempt, always in this order: they are locked in it."""
    if device_id is not None:
        return [_Counter(_keys(ctx).of_device(factor, device_id, account_key), ACCOUNT)]
    return [
        _Counter(_keys(ctx).of_account(factor, account_key), ACCOUNT),
        _network_counter(ctx, factor),
    ]


def _network_counter(ctx: RequestContext, act: str) -> _Counter:
    return _Counter(_keys(ctx).of_network(act, ctx.origin.address), NETWORK)


def _keys(ctx: RequestContext) -> ThrottleKeys:
    return ThrottleKeys(ctx.house.get(MasterKey))
