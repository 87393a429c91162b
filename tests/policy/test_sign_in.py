"""What a sign-in still needs: the order of the rules is the policy."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import acr_of
from idp.policy.sign_in import (
    OFFER_AGAIN_AFTER,
    Allow,
    Enrol,
    NeedFactor,
    SignInFacts,
    judge_sign_in,
)
from idp.settings import SecondFactor

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
OFFER = Enrol(required=False, reason="encouraged")
DEMAND = Enrol(required=True, reason="policy")
LONG_AGO, LATELY = NOON - OFFER_AGAIN_AFTER, NOON - OFFER_AGAIN_AFTER + timedelta(seconds=1)


def facts(
    *amr: str,
    second_factor: SecondFactor = SecondFactor.OFF,
    has_totp: bool = False,
    declined: datetime | None = None,
) -> SignInFacts:
    return SignInFacts(
        amr=amr or ("pwd",),
        has_totp=has_totp,
        second_factor=second_factor,
        offer_declined_at=declined,
    )


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (facts(), Allow()),
        (facts(second_factor=SecondFactor.ENCOURAGED), OFFER),
        (facts(second_factor=SecondFactor.ENCOURAGED, declined=LATELY), Allow()),
        (facts(second_factor=SecondFactor.ENCOURAGED, declined=LONG_AGO), OFFER),
        (facts(second_factor=SecondFactor.REQUIRED), DEMAND),
        (facts(second_factor=SecondFactor.REQUIRED, declined=LATELY), DEMAND),
        (facts(has_totp=True), NeedFactor("enrolled")),
        (facts(has_totp=True, second_factor=SecondFactor.ENCOURAGED), NeedFactor("enrolled")),
        (facts(has_totp=True, second_factor=SecondFactor.REQUIRED), NeedFactor("enrolled")),
        (facts("pwd", "otp", has_totp=True, second_factor=SecondFactor.REQUIRED), Allow()),
        (facts("pwd", "rec", has_totp=True), Allow()),
        (facts("pwd", "otp"), Allow()),
    ],
)
def test_the_first_rule_with_an_opinion_wins(known, verdict):
    assert judge_sign_in(known, NOON) == verdict


@given(
    known=st.builds(
        SignInFacts,
        amr=st.lists(st.sampled_from(["pwd", "otp", "rec"]), max_size=3).map(tuple),
        has_totp=st.booleans(),
        second_factor=st.sampled_from(SecondFactor),
        offer_declined_at=st.none() | st.just(LATELY) | st.just(LONG_AGO),
    )
)
def test_one_factor_opens_nothing_where_a_second_is_there_or_required(known: SignInFacts):
    verdict = judge_sign_in(known, NOON)

    if known.has_totp or known.second_factor is SecondFactor.REQUIRED:
        assert (verdict == Allow()) == (acr_of(known.amr) == "mfa")
