"""What an operator is told of rules that let nobody in."""

import pytest

from idp.policy.built_in import built_in
from idp.policy.shut_out import shut_out
from idp.policy.terms import Moment, Outcome
from idp.settings import Settings
from tests.policy.books import HIGH, HOURS, policy, rule

SIGN_IN, LATER = frozenset({Moment.SIGN_IN}), frozenset({Moment.AUTHORIZE, Moment.ACCOUNT})
REFUSE = Outcome.REFUSE


def told(*rules):
    return [(it.rule.name, it.whom.value) for it in shut_out(policy(*rules))]


def test_nothing_is_to_be_said_of_the_built_in_rules():
    assert list(shut_out(built_in(Settings()))) == []


@pytest.mark.parametrize(
    ("when", "whom"),
    [
        ({}, "everybody"),
        ({"moments": SIGN_IN}, "everybody"),
        ({"moments": LATER}, "each_session"),
        ({"acr": frozenset({"sfa"})}, "with_a_password"),
        ({"acr": frozenset({"sfa", "mfa"}), "moments": SIGN_IN}, "with_a_password"),
        ({"acr": frozenset({"mfa"})}, None),
        ({"acr": frozenset({"sfa"}), "moments": LATER}, None),
        ({"risks": frozenset({HIGH})}, None),
        ({"groups": frozenset({"banned"}), "moments": SIGN_IN}, None),
    ],
)
@pytest.mark.parametrize("outcome", [REFUSE, Outcome.END])
def test_a_rule_shuts_out_whom_it_names_without_a_condition_that_could_fail(when, whom, outcome):
    assert told(rule("x", when=when, outcome=outcome)) == ([("x", whom)] if whom else [])


@pytest.mark.parametrize("then", [{"outcome": Outcome.ASK_AGAIN}, {"idle": HOURS}])
def test_a_rule_that_asks_or_limits_shuts_nobody_out(then):
    assert told(rule("x", **then)) == []


def test_whoever_has_an_exception_before_it_is_spared():
    office = rule("office", when={"networks": frozenset({"AS64500"})}, outcome=Outcome.ALLOW)

    assert told(office, rule("elsewhere", outcome=REFUSE)) == []
    assert told(rule("short", idle=HOURS), rule("all", outcome=REFUSE)) == [("all", "everybody")]
