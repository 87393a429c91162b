"""What a decision's row keeps can be judged again."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.book import Judgement, Limits
from idp.policy.facts import Facts
from idp.policy.on_record import draft_as_json, facts_as_json, facts_of, limits_of, terms_as_json
from idp.policy.terms import AtLimit, Change, DeviceStanding, Moment, Outcome, RiskLevel

SECONDS = st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds))
NAMES = st.text(max_size=5)
FACTS = st.builds(
    Facts,
    moment=st.sampled_from(Moment),
    groups=st.frozensets(NAMES),
    client_id=st.none() | NAMES,
    device=st.sampled_from(DeviceStanding),
    acr=st.sampled_from(("sfa", "mfa", "phr", "phrh")),
    second_step_owned=st.booleans(),
    risk=st.sampled_from(RiskLevel),
    changes=st.frozensets(st.sampled_from(Change)),
    network=NAMES,
    country=st.none() | NAMES,
    hosting=st.booleans(),
    tor=st.booleans(),
    proof_age=SECONDS,
)
LIMITS = st.builds(
    Limits,
    idle=SECONDS,
    absolute=SECONDS,
    reauthentication=SECONDS,
    trusted_device=SECONDS,
    return_within=SECONDS,
    remember=SECONDS,
    sessions=st.integers(0, 9),
    at_limit=st.sampled_from(AtLimit),
)


@given(FACTS)
def test_facts_come_back_from_a_row_as_they_were(facts):
    assert facts_of(json.loads(json.dumps(facts_as_json(facts)))) == facts


@given(LIMITS)
def test_limits_come_back_from_a_row_as_they_were(limits):
    judgement = Judgement(
        outcome=Outcome.ALLOW,
        rule="new browser",
        limits=limits,
        version="v1",
        limited_by=(("idle", "new browser"),),
    )
    kept = json.loads(json.dumps(terms_as_json(judgement)))

    assert limits_of(kept) == limits
    assert (kept["limited_by"], kept["acr"]) == ({"idle": "new browser"}, None)
    assert draft_as_json(judgement, RiskLevel.HIGH) == {
        "outcome": "allow",
        "rule": "new browser",
        "version": "v1",
        "level": "high",
        "limits": kept,
    }


def test_what_a_row_of_another_release_says_otherwise_is_left_out():
    kept = {"moment": "sign_in", "changes": ["network", "moon phase"], "mood": "calm"}

    assert facts_of(kept) == Facts(moment=Moment.SIGN_IN, changes=frozenset({Change.NETWORK}))
    assert limits_of({}) is None


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"moment": "noon"},
        {"moment": "refresh", "risk": "x"},
        {"moment": "refresh", "groups": 1},
    ],
)
def test_what_are_no_facts_at_all_is_refused(kept):
    with pytest.raises((ValueError, KeyError, TypeError)):
        facts_of(kept)
