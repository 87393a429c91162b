"""What could be shown next, and how far it would reach."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS, acr_of, satisfies, two_steps
from idp.policy.factors import (
    STEPS,
    Owned,
    reachable,
    shown_by,
    steps_to,
    supported,
)
from idp.settings import Settings
from tests.support.spec import spec

TRAITS = ("password", "key", "hardware_key", "totp", "text", "mail", "recovery_code")


def owning(traits=""):
    return Owned(**dict.fromkeys(traits.split(), True))


EVERYTHING = owning(" ".join(TRAITS))
OWNED = st.builds(Owned, **{trait: st.booleans() for trait in TRAITS}).map(
    # A key that its maker vouches for is a key.
    lambda owned: replace(owned, hardware_key=owned.hardware_key and owned.key)
)
AMR = st.sampled_from(
    [
        (),
        ("pwd",),
        ("pwd", "mail"),
        ("pwd", "otp"),
        ("pwd", "rec"),
        ("pwd", "sms"),
        ("pwd", "pop"),
        ("pop", "uv"),
        ("hwk", "uv"),
        ("mail",),
    ]
)
BINDABLE = st.sampled_from([(), ("totp",), ("key", "totp")])


@pytest.mark.parametrize(
    ("traits", "steps"),
    [
        ("", ""),
        ("totp", "totp"),
        ("key hardware_key", "key"),
        ("totp key recovery_code", "key totp recovery_code"),
        ("text", "text"),
        ("mail", "mail"),
        ("text mail", "text mail"),
        ("totp text mail", "totp"),
        ("key text mail", "key"),
        ("recovery_code", ""),
        ("recovery_code mail", "mail recovery_code"),
    ],
)
def test_the_strongest_stands_first_and_restricted_ones_only_where_there_is_nothing_better(
    traits, steps
):
    assert owning(traits).steps == tuple(steps.split())


@given(OWNED)
def test_what_may_be_asked_for_is_owned_and_never_a_recovery_code_alone(owned):
    steps = owned.steps

    assert all(getattr(owned, step) for step in steps)
    assert steps != ("recovery_code",)
    assert list(steps) == [step for step in STEPS if step in steps]
    assert owned.second_step is bool(steps)


@spec("NIST SP 800-63B-4 §3.1.3.3", "ASVS 6.6.1")
@given(OWNED)
def test_a_restricted_channel_never_stands_beside_something_better(owned):
    if owned.key or owned.totp:
        assert not {"text", "mail"} & set(owned.steps)


@pytest.mark.parametrize(
    ("step", "traits", "verified", "shown"),
    [
        ("key", "key", False, "pop"),
        ("key", "key", True, "pop uv"),
        ("key", "key hardware_key", False, "hwk"),
        ("key", "key hardware_key", True, "hwk uv"),
        ("totp", "totp", False, "otp"),
        ("text", "text", True, "sms"),
        ("mail", "mail", False, "mail"),
        ("recovery_code", "recovery_code", False, "rec"),
    ],
)
def test_each_step_adds_its_methods(step, traits, verified, shown):
    assert shown_by(step, owning(traits), verified=verified) == tuple(shown.split())


@pytest.mark.parametrize(
    ("level", "amr", "traits", "steps"),
    [
        (None, "pwd", "mail", "mail"),
        (None, "pwd", "key totp recovery_code", "key totp recovery_code"),
        (None, "", "totp", ""),
        (None, "", "key", "key"),
        ("sfa", "", "totp", "totp"),
        ("mfa", "pwd", "mail", ""),
        ("mfa", "pwd", "text", "text"),
        ("mfa", "pwd", "totp recovery_code", "totp recovery_code"),
        ("phr", "pwd", "key totp recovery_code", "key"),
        ("phr", "pwd", "totp", ""),
        ("phr", "", "key", "key"),
        ("phrh", "pwd", "key", ""),
        ("phrh", "pwd", "key hardware_key", "key"),
        ("phrh", "hwk uv", "key hardware_key", "key"),
        ("urn:x", "pwd", "key totp", ""),
    ],
)
def test_the_steps_to_a_level_are_those_of_which_one_is_enough(level, amr, traits, steps):
    assert steps_to(level, amr.split(), owning(traits)) == tuple(steps.split())


@given(level=st.none() | st.sampled_from(LEVELS), amr=AMR, owned=OWNED)
def test_a_step_that_is_offered_reaches_what_was_asked(level, amr, owned):
    for step in steps_to(level, amr, owned):
        after = (*amr, *shown_by(step, owned, verified="pwd" not in amr))

        assert step in owned.steps
        assert two_steps(after) if level is None else satisfies(acr_of(after), level)


@pytest.mark.parametrize(
    ("amr", "traits", "bindable", "levels"),
    [
        ("pwd", "", "", "sfa"),
        ("pwd", "mail", "", "sfa"),
        ("pwd", "totp", "", "sfa mfa"),
        ("pwd", "key", "", "sfa mfa phr"),
        ("pwd", "key hardware_key", "", "sfa mfa phr phrh"),
        ("pwd", "", "totp", "sfa mfa"),
        ("pwd", "", "key totp", "sfa mfa phr"),
        ("pwd", "totp", "key", "sfa mfa phr"),
        ("hwk uv", "", "", "sfa mfa phr phrh"),
        ("pwd otp", "", "", "sfa mfa"),
    ],
)
def test_the_levels_within_reach(amr, traits, bindable, levels):
    assert reachable(amr.split(), owning(traits), bindable.split()) == tuple(levels.split())


@given(amr=AMR, owned=OWNED, bindable=BINDABLE)
def test_what_is_held_is_always_within_reach_and_no_level_has_a_gap_below_it(amr, owned, bindable):
    levels = reachable(amr, owned, bindable)

    assert acr_of(amr) in levels
    assert levels == LEVELS[: len(levels)]


@given(amr=AMR, owned=OWNED, bindable=BINDABLE)
def test_a_key_that_would_have_to_be_vouched_for_is_not_counted_on(amr, owned, bindable):
    if not owned.hardware_key and acr_of(amr) != "phrh":
        assert "phrh" not in reachable(amr, owned, bindable)


@given(amr=AMR, owned=OWNED, bindable=BINDABLE)
def test_what_may_be_bound_never_puts_a_level_out_of_reach(amr, owned, bindable):
    # A restricted channel steps back behind what is better, whose level is no lower.
    assert set(reachable(amr, owned, ())) <= set(reachable(amr, owned, bindable))


@given(amr=AMR)
def test_who_has_everything_reaches_everything(amr):
    assert reachable(amr, EVERYTHING, ()) == LEVELS


@pytest.mark.parametrize(
    ("issuer", "attestation", "levels"),
    [
        ("https://id.example.test", "none", "sfa mfa phr"),
        ("https://id.example.test", "preferred", "sfa mfa phr phrh"),
        ("https://id.example.test", "required", "sfa mfa phr phrh"),
        ("https://192.0.2.1", "none", "sfa mfa"),
        ("https://192.0.2.1", "required", "sfa mfa"),
    ],
)
@spec("OIDC Discovery §3", "WebAuthn §5.1.2")
def test_the_levels_that_somebody_can_reach_here(tmp_path, issuer, attestation, levels):
    roots = tmp_path / "roots.pem"
    roots.touch()
    settings = Settings(
        issuer=issuer, webauthn_attestation=attestation, webauthn_attestation_roots=roots
    )

    assert supported(settings) == tuple(levels.split())
