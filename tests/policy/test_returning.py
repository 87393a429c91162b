"""One factor is enough for who comes back to what only idled out (NIST SP 800-63B-4 §2.2.3)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idp.policy.book import Judgement, Limits
from idp.policy.returning import Before, returns_with
from idp.policy.terms import DeviceStanding, Outcome
from tests.support.spec import spec

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEFORE = Before(
    same_user=True,
    same_device=True,
    behind=False,
    amr=("pwd", "otp"),
    idle_until=NOON - HOUR,
    absolute_until=NOON + 5 * HOUR,
    challenged=False,
    end_reason=None,
)
LIMITS = Limits(
    idle=HOUR,
    absolute=12 * HOUR,
    reauthentication=HOUR,
    trusted_device=HOUR,
    return_within=2 * HOUR,
)
ALLOWED = Judgement(outcome=Outcome.ALLOW, rule="defaults", limits=LIMITS, version="v1")


def returning(
    *,
    outcome=Outcome.ALLOW,
    within=2 * HOUR,
    device=DeviceStanding.KNOWN,
    shown=("pwd",),
    now=NOON,
    **traits,
):
    said = replace(ALLOWED, outcome=outcome, limits=replace(LIMITS, return_within=within))
    return returns_with(replace(BEFORE, **traits), said, device=device, shown=shown, now=now)


@spec("NIST SP 800-63B-4 §2.2.3")
def test_one_factor_is_enough_and_both_count_as_shown_now_and_then():
    assert returning() == ("pwd", "otp")
    assert returning(device=DeviceStanding.TRUSTED) == ("pwd", "otp")
    assert returning(end_reason="idle_timeout") == ("pwd", "otp")
    assert returning(amr=("swk", "uv")) == ("swk", "uv", "pwd")


@pytest.mark.parametrize(
    "traits",
    [
        {"same_user": False},
        {"same_device": False},
        {"behind": True},
        {"challenged": True},
        {"end_reason": "user_logout"},
        {"end_reason": "absolute_timeout"},
        {"device": DeviceStanding.NEW},
        {"outcome": Outcome.ASK_FACTOR},
        {"outcome": Outcome.ASK_AGAIN},
        {"outcome": Outcome.REFUSE},
        {"outcome": Outcome.END},
        {"within": timedelta(0)},
        {"amr": ("pwd",)},
        {"shown": ("pwd", "otp")},
        {"shown": ("swk", "uv")},
    ],
    ids=str,
)
@spec("NIST SP 800-63B-4 §2.2.3")
def test_all_is_shown_anew_where_anything_else_happened(traits):
    assert returning(**traits) is None


@pytest.mark.parametrize(
    ("traits", "late"),
    [
        ({"idle_until": NOON + MINUTE}, True),
        ({"idle_until": NOON}, False),
        ({"idle_until": NOON - 2 * HOUR + MINUTE}, False),
        ({"idle_until": NOON - 2 * HOUR}, True),
        ({"absolute_until": NOON + MINUTE}, False),
        ({"absolute_until": NOON}, True),
    ],
    ids=str,
)
def test_there_is_a_time_for_it(traits, late):
    assert (returning(**traits) is None) is late


@spec("NIST SP 800-63B-4 §2.2.3")
def test_what_aal3_rests_on_is_never_taken_over():
    assert returning(amr=("pwd", "hwk")) is None
    assert returning(amr=("pwd", "pop")) == ("pwd", "pop")
