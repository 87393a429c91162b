"""How far a policy goes at most: for what has to be known before it is known of whom."""

from collections.abc import Iterable
from datetime import timedelta

from idp.policy.book import Duration, Policy, Share


def longest_remember(policy: Policy) -> timedelta:
    """Return how long a cookie outlives the browser's window for whom it does so longest.

    Before somebody is known, that is whether “Keep me signed in” is offered at all.
    """
    default, bound = policy.defaults.remember, policy.bounds.remember
    return _longest(default, (rule.then.remember for rule in policy.rules), bound)


def longest_session(policy: Policy) -> timedelta:
    """Return how long a session lives for whom it does so longest."""
    default, bound = policy.defaults.absolute, policy.bounds.absolute
    return _longest(default, (rule.then.absolute for rule in policy.rules), bound)


def _longest(
    default: timedelta, said: Iterable[Duration | None], bound: timedelta | None
) -> timedelta:
    lengths = (default * it.of_default if isinstance(it, Share) else it for it in said if it)
    longest = max((default, *lengths))
    return longest if bound is None else min(longest, bound)
