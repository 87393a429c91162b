"""How surely someone is known (OIDC Core §2, RFC 8176 §2, NIST SP 800-63B-4 §2)."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import (
    KEYS,
    LEVELS,
    acr_claim,
    acr_of,
    amr_claim,
    satisfies,
    two_steps,
)
from tests.support.spec import spec

KNOWN = ("pwd", "otp", "rec", "sms", "mail", "pop", "swk", "hwk", "uv", "bound")
METHODS = st.frozensets(st.sampled_from([*KNOWN, "unknown"]))
WANTED = st.lists(st.sampled_from([*LEVELS, "urn:x"]))


@spec("OpenID EAP ACR Values §2")
@pytest.mark.parametrize(
    ("amr", "level"),
    [
        ("", "sfa"),
        ("pwd", "sfa"),
        ("otp", "sfa"),
        ("otp rec", "sfa"),
        ("pwd unknown", "sfa"),
        ("pwd mail", "sfa"),
        ("pwd uv", "sfa"),
        ("mail rec uv bound", "sfa"),
        ("pop", "sfa"),
        ("hwk", "sfa"),
        ("pwd otp", "mfa"),
        ("rec pwd", "mfa"),
        ("pwd sms", "mfa"),
        ("pwd bound", "mfa"),
        ("pwd mail otp", "mfa"),
        ("pwd pop", "phr"),
        ("pwd swk", "phr"),
        ("pop uv", "phr"),
        ("swk uv mail", "phr"),
        ("pwd otp pop", "phr"),
        ("pwd hwk", "phrh"),
        ("hwk uv", "phrh"),
        ("pop hwk uv", "phrh"),
    ],
)
def test_methods_reach_a_level_together(amr, level):
    assert acr_of(amr.split()) == level


@given(fewer=METHODS, more=METHODS)
def test_more_proof_never_lowers_the_level(fewer, more):
    assert satisfies(acr_of(fewer | more), acr_of(fewer))


@spec("NIST SP 800-63B-4 §3.1.3.1", "ASVS 6.3.6")
@given(METHODS)
def test_a_code_by_mail_never_raises_the_level(methods):
    assert acr_of(methods | {"mail"}) == acr_of(methods - {"mail"})


@spec("NIST SP 800-63B-4 §2.2.1", "ASVS 6.5.7")
@given(METHODS)
def test_one_kind_of_proof_is_never_two(methods):
    """Two factors take something known, or a key that checked its holder, beside something had."""
    if not methods & {"pwd", "uv"}:
        assert acr_of(methods) == "sfa"
    if not methods - {"pwd", "uv", "mail", "unknown"}:
        assert acr_of(methods) == "sfa"


@spec("ASVS 6.3.3")
@given(METHODS)
def test_only_a_used_key_resists_phishing(methods):
    assert not satisfies(acr_of(methods - KEYS), "phr")
    assert acr_of(methods - {"hwk"}) != "phrh"


@pytest.mark.parametrize(
    ("amr", "two"),
    [
        ("", False),
        ("pwd", False),
        ("mail rec", False),
        ("pop", False),
        ("pwd uv", False),
        ("pwd mail", True),
        ("pwd otp", True),
        ("pwd rec", True),
        ("pwd sms", True),
        ("pwd bound", True),
        ("pop uv", True),
        ("pwd hwk", True),
    ],
)
def test_a_second_step_is_counted_though_it_is_no_factor(amr, two):
    assert two_steps(amr.split()) is two


@given(METHODS)
def test_whoever_showed_two_factors_took_two_steps(methods):
    assert two_steps(methods) or acr_of(methods) == "sfa"


@spec("RFC 8176 §2")
@pytest.mark.parametrize(
    ("amr", "claim"),
    [
        ("", ""),
        ("pwd", "pwd"),
        ("pwd otp", "mfa otp pwd"),
        ("pwd rec", "mfa otp pwd"),
        ("pwd rec otp", "mfa otp pwd"),
        ("pwd mail", "otp pwd"),
        ("pwd sms", "mfa pwd sms"),
        ("pwd bound", "mfa pop pwd"),
        ("pop uv", "mfa pop user"),
        ("pwd hwk", "hwk mfa pwd user"),
        ("swk", "swk user"),
    ],
)
def test_amr_has_the_registered_names(amr, claim):
    assert amr_claim(amr.split()) == claim.split()


@spec("RFC 8176 §2")
@given(METHODS)
def test_amr_says_mfa_exactly_where_it_is_true(methods):
    claim = amr_claim(methods)

    assert ("mfa" in claim) is (acr_of(methods) != "sfa")
    assert set(claim) <= {"pwd", "otp", "sms", "pop", "swk", "hwk", "user", "mfa", "unknown"}
    assert claim == sorted(set(claim))


def test_each_level_includes_itself_and_the_weaker_ones():
    for weaker, stronger in combinations(LEVELS, 2):
        assert satisfies(stronger, weaker)
        assert not satisfies(weaker, stronger)
    assert all(satisfies(level, level) for level in LEVELS)


@pytest.mark.parametrize(
    ("held", "wanted"), [("phrh", "urn:x"), ("urn:x", "sfa"), ("urn:x", "urn:x"), ("", "sfa")]
)
def test_an_unknown_level_includes_nothing_and_is_included_in_nothing(held, wanted):
    assert not satisfies(held, wanted)


@spec("OIDC Core §3.1.2.1")
@pytest.mark.parametrize(
    ("held", "wanted", "claim"),
    [
        ("mfa", (), "mfa"),
        ("mfa", ("mfa",), "mfa"),
        ("mfa", ("sfa", "mfa"), "mfa"),
        ("mfa", ("sfa",), "sfa"),
        ("phrh", ("phr", "mfa"), "phr"),
        ("mfa", ("unheard-of", "sfa"), "sfa"),
        ("sfa", ("mfa",), "sfa"),
        ("sfa", ("unheard-of",), "sfa"),
    ],
)
def test_the_acr_claim_speaks_the_words_of_the_request_where_they_are_true(held, wanted, claim):
    assert acr_claim(held, wanted) == claim


@given(held=st.sampled_from(LEVELS), wanted=WANTED)
def test_the_acr_claim_never_says_more_than_was_shown(held, wanted):
    assert satisfies(held, acr_claim(held, wanted))


@given(held=st.sampled_from(LEVELS), wanted=WANTED)
def test_the_acr_claim_is_one_of_the_requested_whenever_one_is_met(held, wanted):
    met = any(satisfies(held, level) for level in wanted)

    assert acr_claim(held, wanted) in (wanted if met else [held])
