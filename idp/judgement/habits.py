"""What is usual for a user, and what a sign-in teaches.

A user's own counters learn in the sign-in's transaction. Those of all users learn later, in batches
by the worker: they change little with one sign-in, and no sign-in waits for another at their rows.
"""

from collections.abc import Callable
from typing import Any

from idp.context import RequestContext
from idp.policy.risk import Features, Usual
from idp.policy.risk.fading import FORGOTTEN_BELOW, faded, worth
from idp.policy.risk.habits import common_names, learned, taught, taught_more, untaught, usual_of
from idp.store import decisions, habits
from idp.store.decisions import Recorded

# Each try finds what the one before it lost to: more than a few never come together for one user.
_TRIES = 5
Change = Callable[[dict[str, Any]], dict[str, Any]]


def usual(ctx: RequestContext, user_id: str, features: Features) -> Usual:
    """Return what is usual for this user and for all, of the values at hand."""
    own, common = habits.usual(ctx.db, user_id, common_names(features))
    return usual_of(own.counters, features, faded(common, ctx.now))


def learn(ctx: RequestContext, user_id: str, features: Features, weight: float) -> None:
    """Let a sign-in teach this much about its user (`policy.risk.habits.teaches`).

    What it teaches about all users is what its decision's row says in `teaches`.
    """
    if weight > 0:
        day = ctx.now.toordinal()
        _change(ctx, user_id, lambda before: taught(before, features, weight, day))


def unlearn(ctx: RequestContext, user_id: str, features: Features, weight: float) -> None:
    """Take back what a sign-in taught: it was not the user's."""
    if weight > 0:
        _change(ctx, user_id, lambda before: untaught(before, features, weight))


def confirm(ctx: RequestContext, decision: Recorded) -> None:
    """Let a sign-in that the user says was theirs teach what it did not teach at once.

    The decision must have been answered `me` in this transaction, which happens once.
    """
    more = 1.0 - abs(decision.teaches)
    features, day = Features.read(decision.features), decision.at.toordinal()
    _change(ctx, decision.user_id, lambda before: taught_more(before, features, more, day))
    decisions.teach(ctx.db, decision.id, more)


def disown(ctx: RequestContext, decision: Recorded) -> None:
    """Take back what a sign-in taught that the user says was not theirs."""
    # A whole lesson, whatever it was worth: who came first was taken for the owner.
    lesson = 1.0 if decision.teaches else 0.0
    unlearn(ctx, decision.user_id, Features.read(decision.features), lesson)
    decisions.teach_nothing(ctx.db, decision.id)


def _change(ctx: RequestContext, user_id: str, change: Change) -> None:
    """Change the user's counters: who comes second counts on what the first has left."""
    for _ in range(_TRIES):
        before = habits.find(ctx.db, user_id)
        after = change(before.counters)
        if habits.save(ctx.db, user_id, before, after, learned=learned(after), now=ctx.now):
            return


def learn_common(ctx: RequestContext) -> int:
    """Count a batch of sign-ins in what is usual for all; return how many."""
    weights: dict[habits.Pair, float] = {}
    lessons, one = decisions.take_lessons(ctx.db), worth(ctx.now)
    for features, weight in lessons:
        for pair in common_names(Features.read(features)):
            weights[pair] = weights.get(pair, 0.0) + weight * one
    habits.add_common(ctx.db, weights)
    return len(lessons)


def forget_common(ctx: RequestContext) -> int:
    """Forget a batch of what nobody has come with for long; return how many."""
    return habits.forget_common(ctx.db, FORGOTTEN_BELOW * worth(ctx.now))
