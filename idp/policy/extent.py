"""How far a policy goes at most, whatever the facts are."""

from datetime import timedelta
from typing import Literal

from idp.policy.book import Policy, Share

Setting = Literal[
    "idle", "absolute", "reauthentication", "trusted_device", "return_within", "remember"
]


def longest(policy: Policy, setting: Setting) -> timedelta:
    """Return what nobody's limit exceeds: the longest that is said anywhere, within the bounds."""
    default: timedelta = getattr(policy.defaults, setting)
    said = [getattr(rule.then, setting) for rule in policy.rules]
    lengths = [
        default * each.of_default if isinstance(each, Share) else each
        for each in said
        if each is not None
    ]
    most = max([default, *lengths])
    bound: timedelta | None = getattr(policy.bounds, setting)
    return most if bound is None else min(most, bound)
