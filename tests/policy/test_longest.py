"""How far a policy goes at most."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.policy.book import Bounds, Limits, Policy, Rule, Share, Then, When
from idp.policy.longest import longest_remember, longest_session

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEFAULTS = Limits(idle=HOUR, absolute=12 * HOUR, reauthentication=HOUR, trusted_device=DAY)


def a_policy(setting, default, said, bound):
    return Policy(
        version="v1",
        defaults=replace(DEFAULTS, **{setting: default}),
        rules=tuple(Rule("r", When(), Then(**{setting: it})) for it in said),
        bounds=Bounds(**{setting: bound}),
    )


@pytest.mark.parametrize(
    ("default", "said", "bound", "longest"),
    [
        (timedelta(0), (), None, timedelta(0)),
        (DAY, (), None, DAY),
        (DAY, (2 * DAY, None, Share(0.5)), None, 2 * DAY),
        (DAY, (Share(0.5),), None, DAY),
        (timedelta(0), (7 * DAY,), DAY, DAY),
    ],
)
@pytest.mark.parametrize(
    ("setting", "of_policy"), [("remember", longest_remember), ("absolute", longest_session)]
)
def test_what_holds_for_whom_it_holds_longest_is_known_of_nobody(
    setting, of_policy, default, *, said, bound, longest
):
    assert of_policy(a_policy(setting, default, said, bound)) == longest
