"""Rules that let nobody in, whoever it is: slips of the pen, most of them.

Nothing here judges anybody; it is what an operator is told of a policy.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from idp.policy.acr import LEVELS
from idp.policy.book import Policy, Rule, When
from idp.policy.terms import Moment, Outcome

_SHUTTING = frozenset({Outcome.REFUSE, Outcome.END})
# What is so of everybody, sooner or later.
_OF_EVERYBODY = frozenset({"moments", "acr"})


class Whom(StrEnum):
    """Who is shut out."""

    EVERYBODY = "everybody"
    WITH_A_PASSWORD = "with_a_password"  # noqa: S105 - no secret
    EACH_SESSION = "each_session"


@dataclass(frozen=True, slots=True)
class ShutOut:
    """A rule that shuts people out, and whom."""

    rule: Rule
    whom: Whom


def shut_out(policy: Policy) -> Iterator[ShutOut]:
    """Yield rules that refuse or end whatever comes; who has an exception before them is spared."""
    for rule in policy.rules:
        if rule.then.outcome in _SHUTTING and (whom := _whom(rule.when)) is not None:
            yield ShutOut(rule, whom)
        if rule.then.outcome is not None:
            # Who it speaks of hears no rule behind it.
            return


def _whom(when: When) -> Whom | None:
    said = {each.name for each in fields(when) if getattr(when, each.name) is not None}
    if said - _OF_EVERYBODY:
        return None
    at_sign_in = when.moments is None or Moment.SIGN_IN in when.moments
    if when.acr is None:
        return Whom.EVERYBODY if at_sign_in else Whom.EACH_SESSION
    # A password is judged before the second step is asked for.
    return Whom.WITH_A_PASSWORD if at_sign_in and LEVELS[0] in when.acr else None
