"""How surely someone is known (OIDC Core §2, RFC 8176)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS, acr_claim, acr_of, amr_claim, satisfies, weakest
from tests.support.spec import spec

METHODS = st.sets(st.sampled_from(["pwd", "otp", "rec", "unknown"]))


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        ((), "sfa"),
        (("pwd",), "sfa"),
        (("otp",), "sfa"),
        (("otp", "rec"), "sfa"),
        (("pwd", "unknown"), "sfa"),
        (("pwd", "otp"), "mfa"),
        (("rec", "pwd"), "mfa"),
    ],
)
def test_two_kinds_of_proof_make_two_factors(amr, level):
    assert acr_of(amr) == level


@given(fewer=METHODS, more=METHODS)
def test_more_proof_never_lowers_the_level(fewer, more):
    assert satisfies(acr_of(fewer | more), acr_of(fewer))


@spec("RFC 8176 §2")
@pytest.mark.parametrize(
    ("amr", "claim"),
    [
        (("pwd",), ["pwd"]),
        (("pwd", "otp"), ["mfa", "otp", "pwd"]),
        (("pwd", "rec"), ["mfa", "otp", "pwd"]),
        (("pwd", "rec", "otp"), ["mfa", "otp", "pwd"]),
        ((), []),
    ],
)
def test_amr_has_the_registered_names(amr, claim):
    assert amr_claim(amr) == claim


@pytest.mark.parametrize(
    ("held", "wanted", "enough"),
    [
        ("sfa", "sfa", True),
        ("mfa", "sfa", True),
        ("mfa", "mfa", True),
        ("sfa", "mfa", False),
        ("mfa", "unheard-of", False),
        ("unheard-of", "sfa", False),
        ("unheard-of", "unheard-of", False),
    ],
)
def test_a_level_includes_the_weaker_ones_and_nothing_unknown(held, wanted, enough):
    assert satisfies(held, wanted) is enough


@spec("OIDC Core §3.1.2.1")
@pytest.mark.parametrize(
    ("held", "wanted", "claim"),
    [
        ("mfa", (), "mfa"),
        ("mfa", ("mfa",), "mfa"),
        ("mfa", ("sfa", "mfa"), "mfa"),
        ("mfa", ("sfa",), "sfa"),
        ("mfa", ("unheard-of", "sfa"), "sfa"),
        ("sfa", ("mfa",), "sfa"),
        ("sfa", ("unheard-of",), "sfa"),
    ],
)
def test_the_acr_claim_speaks_the_words_of_the_request_where_they_are_true(held, wanted, claim):
    assert acr_claim(held, wanted) == claim


@given(held=st.sampled_from(LEVELS), wanted=st.lists(st.sampled_from([*LEVELS, "other"])))
def test_the_acr_claim_never_says_more_than_was_shown(held, wanted):
    assert satisfies(held, acr_claim(held, wanted))


@pytest.mark.parametrize(
    ("wanted", "level"),
    [((), None), (("unheard-of",), None), (("mfa", "sfa"), "sfa"), (("mfa",), "mfa")],
)
def test_the_weakest_wanted_level_is_the_first_we_know(wanted, level):
    assert weakest(wanted) == level
