"""A challenge says what it takes (RFC 9470 §3, RFC 6750 §3)."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS, satisfies
from idp.resource_server import AccessClaims, Challenge, require
from tests.app import NOON
from tests.support.spec import spec

FIVE_MINUTES = timedelta(minutes=5)
WEAK = 'error_description="A stronger or more recent sign-in is needed."'


def claims(acr="mfa", age=FIVE_MINUTES, scope="openid transfers"):
    return AccessClaims(
        subject="ada",
        client_id="app",
        scope=frozenset(scope.split()),
        acr=acr,
        auth_time=None if age is None else NOON - age,
        expires_at=NOON + FIVE_MINUTES,
        read_at=NOON,
        everything={},
    )


def challenged(about, **demands):
    with pytest.raises(Challenge) as caught:
        require(about, **demands)
    return caught.value


@pytest.mark.parametrize(
    "demands",
    [
        {},
        {"acr": "mfa"},
        {"acr": "sfa"},
        {"max_age": FIVE_MINUTES},
        {"scope": "transfers"},
        {"acr": "mfa", "max_age": FIVE_MINUTES, "scope": "transfers openid"},
    ],
)
def test_what_is_met_passes(demands):
    require(claims(), **demands)


@spec("RFC 9470 §3")
@pytest.mark.parametrize(
    ("about", "demands", "said"),
    [
        (claims(), {"acr": "phr"}, 'acr_values="phr"'),
        (claims("gold"), {"acr": "sfa"}, 'acr_values="sfa"'),
        (claims(None), {"acr": "sfa"}, 'acr_values="sfa"'),
        (claims(), {"max_age": timedelta(seconds=299)}, 'max_age="299"'),
        (claims(age=None), {"max_age": timedelta(days=1)}, 'max_age="86400"'),
        (
            claims(),
            {"acr": "phr", "max_age": timedelta(hours=1)},
            'acr_values="phr", max_age="3600"',
        ),
        (claims(), {"acr": "sfa", "max_age": timedelta(0)}, 'acr_values="sfa", max_age="0"'),
    ],
)
def test_all_that_a_sign_in_takes_is_said_at_once(about, demands, said):
    refusal = challenged(about, **demands)

    assert refusal.status == 401
    assert refusal.header == f'Bearer error="insufficient_user_authentication", {WEAK}, {said}'


@spec("RFC 6750 §3.1")
def test_a_missing_scope_is_named():
    refusal = challenged(claims(), scope="transfers admin", acr="phrh")

    assert (refusal.status, refusal.error) == (403, "insufficient_scope")
    assert refusal.header.endswith('scope="transfers admin"')
    assert "admin" not in refusal.detail


@pytest.mark.parametrize(
    "demands",
    [{"acr": "gold"}, {"acr": ""}, {"max_age": -FIVE_MINUTES}, {"scope": ""}, {"scope": 'a"b'}],
)
def test_a_demand_without_sense_is_the_programmers_mistake(demands):
    with pytest.raises(ValueError, match=r"acr|max_age|scope"):
        require(claims(), **demands)


@given(
    held=st.sampled_from([*LEVELS, None, "urn:x"]),
    wanted=st.sampled_from(LEVELS),
    age=st.none() | st.integers(0, 1000).map(lambda s: timedelta(seconds=s)),
    limit=st.integers(0, 1000).map(lambda s: timedelta(seconds=s)),
)
def test_who_passes_was_sure_and_recent_enough_and_who_does_not_reads_why(held, wanted, age, limit):
    try:
        require(claims(held, age), acr=wanted, max_age=limit)
    except Challenge as refusal:
        said = dict(re.findall(r'(\w+)="([^"]*)"', refusal.header))
        assert (said["acr_values"], said["max_age"]) == (wanted, str(int(limit.total_seconds())))
        better = claims(said["acr_values"], timedelta(0))
        require(better, acr=wanted, max_age=limit)
    else:
        assert satisfies(held, wanted)
        assert age <= limit
