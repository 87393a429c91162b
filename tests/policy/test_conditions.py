"""When a rule applies: all conditions that are said hold; of a list, one member does."""

from datetime import timedelta

import pytest
from hypothesis import given

from idp.policy.book import When
from idp.policy.conditions import holds
from idp.policy.terms import Change, Moment
from tests.policy.books import CONDITIONS, ELEVATED, FACTS, HIGH, HOURS, KNOWN, NEW, TRUSTED, facts

STAFF, BOTH = frozenset({"staff"}), frozenset({"staff", "admins"})


@pytest.mark.parametrize(
    ("when", "meeting", "missing"),
    [
        ({"groups": STAFF}, {"groups": BOTH}, {"groups": frozenset({"guests"})}),
        ({"groups": BOTH}, {"groups": STAFF}, {}),
        ({"clients": frozenset({"mail"})}, {"client_id": "mail"}, {"client_id": "payroll"}),
        ({"clients": frozenset({"mail"})}, {"client_id": "mail"}, {"client_id": None}),
        ({"moments": frozenset({Moment.REFRESH})}, {"moment": "refresh"}, {"moment": "sign_in"}),
        ({"devices": frozenset({KNOWN, TRUSTED})}, {"device": TRUSTED}, {"device": NEW}),
        ({"acr": frozenset({"phr", "phrh"})}, {"acr": "phrh"}, {"acr": "mfa"}),
        ({"risks": frozenset({ELEVATED, HIGH})}, {"risk": HIGH}, {}),
        (
            {"changes": frozenset({Change.COUNTRY, Change.DEVICE})},
            {"changes": frozenset({Change.NETWORK, Change.COUNTRY})},
            {"changes": frozenset({Change.NETWORK})},
        ),
        ({"countries": frozenset({"NO"})}, {"country": "NO"}, {"country": "NZ"}),
        ({"countries": frozenset({"NO"})}, {"country": "NO"}, {"country": None}),
        ({"networks": frozenset({"AS1"})}, {"network": "AS1"}, {"network": "AS2"}),
        ({"hosting": True}, {"hosting": True}, {"hosting": False}),
        ({"hosting": False}, {"hosting": False}, {"hosting": True}),
        ({"tor": True}, {"tor": True}, {"tor": False}),
        ({"proof_older_than": HOURS}, {"proof_age": 2 * HOURS}, {"proof_age": HOURS}),
    ],
)
def test_a_condition_holds_where_it_is_met(when, meeting, missing):
    assert holds(When(**when), facts(**meeting))
    assert not holds(When(**when), facts(**missing))


@pytest.mark.parametrize(
    ("network", "prefix", "within"),
    [
        ("203.0.113.0/24", "203.0.113.0/24", True),
        ("203.0.0.0/16", "203.0.113.0/24", True),
        ("203.0.112.0/24", "203.0.113.0/24", False),
        ("2001:db8::/32", "2001:db8:7::/48", True),
        ("2001:db8:8::/48", "2001:db8:7::/48", False),
        ("2001:db8:7::/48", "2001:db8::/32", False),
        ("::/0", "203.0.113.0/24", False),
        ("AS64500", "203.0.113.0/24", False),
        ("203.0.0.0/16", "", False),
    ],
)
def test_a_network_holds_all_prefixes_that_lie_in_it(network, prefix, within):
    """Whatever number the network has that the address is in."""
    when = When(networks=frozenset({network, "198.51.100.0/24"}))

    assert holds(when, facts(network="AS64501", prefix=prefix)) is within
    assert holds(when, facts(network=prefix, prefix=prefix)) is within


def test_all_conditions_must_hold():
    when = When(groups=STAFF, proof_older_than=timedelta(0))

    assert holds(when, facts(groups=STAFF, proof_age=HOURS))
    assert not holds(when, facts(groups=STAFF))
    assert not holds(when, facts(proof_age=HOURS))


@given(seen=FACTS)
def test_a_rule_without_conditions_always_applies(seen):
    assert holds(When(), seen)


@given(when=CONDITIONS, seen=FACTS)
def test_a_condition_more_never_makes_a_rule_apply(when, seen):
    if holds(when, seen):
        for name in When.__dataclass_fields__:
            said = {each: getattr(when, each) for each in When.__dataclass_fields__}
            assert holds(When(**said | {name: None}), seen)
