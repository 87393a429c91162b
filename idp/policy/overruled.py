"""What rules take from one another by their order: slips of the pen, most of them.

Nothing here judges anybody; it is what an operator is told of a policy.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from idp.policy.book import Policy, Rule, When

# Of these a request has several at a time.
_MANY = frozenset({"groups", "changes"})


@dataclass(frozen=True, slots=True)
class Overruled:
    """A rule that comes too late: always (`never_heard`), or where one before applies as well."""

    rule: Rule
    by: Rule
    never_heard: bool


def overruled(policy: Policy) -> Iterator[Overruled]:
    """Yield rules of which nothing is ever heard, and the guards against theft that are disarmed.

    Such a guard looks at `changes`; a rule before it that does not, and says a milder outcome,
    takes the guard's place wherever it applies.
    """
    for number, rule in enumerate(policy.rules):
        before = policy.rules[:number]
        covering = [each for each in before if _covers(each.when, rule.when)]
        heard = _spoken(rule) - {name for each in covering for name in _spoken(each)}
        if covering and not heard:
            yield Overruled(rule, covering[0], never_heard=True)
            continue
        for each in before:
            if _disarms(each, rule):
                yield Overruled(rule, each, never_heard=False)


def _disarms(one: Rule, guard: Rule) -> bool:
    if one.then.outcome is None or guard.then.outcome is None:
        return False
    milder = one.then.outcome.severity < guard.then.outcome.severity
    looks = guard.when.changes is not None and one.when.changes is None
    return milder and looks and _meet(one.when, guard.when)


def _spoken(rule: Rule) -> set[str]:
    return {each.name for each in fields(rule.then) if getattr(rule.then, each.name) is not None}


def _covers(wide: When, narrow: When) -> bool:
    """Tell whether one set of conditions holds wherever the other does."""
    pairs = ((getattr(wide, name), getattr(narrow, name)) for name in _names())
    return all(_includes(one, other) for one, other in pairs)


def _includes(wide: Any, narrow: Any) -> bool:
    if wide is None or wide == narrow:
        return True
    if narrow is None or isinstance(wide, bool):
        return False
    return bool(wide >= narrow if isinstance(wide, frozenset) else wide <= narrow)


def _meet(one: When, other: When) -> bool:
    """Tell whether both sets of conditions can hold of one request."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in _names() if name not in _MANY)
    return not any(_exclude(each, another) for each, another in pairs)


def _exclude(one: Any, other: Any) -> bool:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one.isdisjoint(other)
    return isinstance(one, bool) and isinstance(other, bool) and one is not other


def _names() -> list[str]:
    return [each.name for each in fields(When)]
