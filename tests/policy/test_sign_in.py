"""What a sign-in still needs: the order of the rules is the policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.acr import LEVELS, acr_of, satisfies, two_steps
from idp.policy.factors import Owned, shown_by, steps_to
from idp.policy.sign_in import (
    OFFER_AGAIN_AFTER,
    RULES,
    Allow,
    Enrol,
    NeedFactor,
    Refer,
    Refuse,
    SignInFacts,
    judge_recovery,
    judge_sign_in,
    must_stay,
)
from idp.settings import SecondFactor
from tests.policy.test_factors import AMR, BINDABLE, OWNED, owning
from tests.support.spec import spec

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
OFF, ENCOURAGED = SecondFactor.OFF, SecondFactor.ENCOURAGED
REQUIRED, RESISTANT = SecondFactor.REQUIRED, SecondFactor.PHISHING_RESISTANT
LONG_AGO, LATELY = NOON - OFFER_AGAIN_AFTER, NOON - OFFER_AGAIN_AFTER + timedelta(seconds=1)
WEEK = timedelta(days=7)
BOTH = ("key", "totp")


def facts(amr="pwd", traits="", policy=OFF, **values):
    return SignInFacts(amr=tuple(amr.split()), owned=owning(traits), second_factor=policy, **values)


def needing(rule, steps, others=""):
    return NeedFactor(rule, tuple(steps.split()), tuple(others.split()))


def enrolled(steps):
    return needing("enrolled_factor_is_shown", steps)


OFFER = Enrol("second_factor_is_offered", BOTH, required=False)
DEMAND = Enrol("second_factor_is_required", BOTH, required=True)
TRUSTED = Allow("trusted_device_stands_in")

TABLE = [
    # An operator's reset
    ("taken away", facts(reset=True), Refer("reset_takes_the_ticket")),
    ("taken away, and a key bound since", facts("pwd pop", "key", reset=True), Refer(
        "reset_takes_the_ticket")),
    ("taken away, ticket in hand", facts(reset=True, by_ticket=True), Enrol(
        "reset_takes_the_ticket", BOTH, required=True)),
    ("bound by the ticket", facts("pwd bound", "key", reset=True, by_ticket=True), Allow()),
    ("a ticket without a reset", facts(by_ticket=True), Allow()),
    # What the policy of sessions demands
    ("a level that can be shown", facts(traits="key totp", level="phr"), needing(
        "policy_level_is_shown", "key")),
    ("a level of any second factor", facts(traits="key totp", level="mfa"), needing(
        "policy_level_is_shown", "key totp")),
    ("a level that is shown", facts("pwd otp", "totp", level="mfa"), Allow()),
    ("a level above what was shown", facts("pwd otp", "key totp", level="phr"), needing(
        "policy_level_is_shown", "key")),
    ("a level that can be set up", facts(level="mfa"), Enrol(
        "policy_level_is_shown", BOTH, required=True)),
    ("a level that only a key reaches", facts("pwd otp", "totp", level="phr"), Enrol(
        "policy_level_is_shown", ("key",), required=True)),
    ("a level that nobody can set up here", facts(level="phr", bindable=("totp",)), Refuse(
        "policy_level_is_shown")),
    ("a level that takes a vouched-for key", facts(level="phrh"), Refuse(
        "policy_level_is_shown")),
    ("a level to be set up, by a stranger maybe", facts(level="mfa", doubted=True), Refuse(
        "policy_level_is_shown")),
    ("a level is no grace", facts(traits="totp", level="mfa", device_trusted=True), needing(
        "policy_level_is_shown", "totp")),
    ("a step, whatever browser it is", facts(traits="totp", asked=True, device_trusted=True),
        needing("policy_asks_for_a_step", "totp")),
    ("a step by mail", facts(traits="mail", asked=True), needing(
        "policy_asks_for_a_step", "mail")),
    ("a step that is shown", facts("pwd mail", "mail", asked=True), Allow()),
    ("a step of who has none", facts(asked=True), Allow()),
    ("a step of who has none, where two are required", facts(policy=REQUIRED, asked=True), DEMAND),
    ("nothing is offered to a stranger", facts(policy=ENCOURAGED, asked=True, doubted=True),
        Allow()),
    # What a client asks for
    ("asked for and shown at once", facts(traits="key totp", wanted=("phr",)), needing(
        "asked_level_is_shown", "key", "totp")),
    ("the liked one out of reach", facts(traits="totp", wanted=("phr", "mfa")), needing(
        "asked_level_is_shown", "totp")),
    ("the liked one first", facts(traits="key totp", wanted=("mfa", "phr")), needing(
        "asked_level_is_shown", "key totp")),
    ("asked for, held by one factor", facts(traits="totp", wanted=("sfa",)), enrolled("totp")),
    ("asked for, shown otherwise", facts("pwd otp", "key totp", wanted=("phr",)), Allow()),
    ("asked for, and nobody has it", facts(wanted=("mfa",)), Allow()),
    ("asked for, and unknown", facts(traits="totp", wanted=("urn:x",)), enrolled("totp")),
    ("by mail alone, asked for", facts(traits="mail", wanted=("mfa",)), Allow()),
    # Phishing resistance by policy
    ("a key is there", facts(traits="key totp", policy=RESISTANT), needing(
        "phishing_resistance_is_shown", "key")),
    ("a code was shown, a key is there", facts("pwd otp", "key totp", RESISTANT), needing(
        "phishing_resistance_is_shown", "key")),
    ("a key was shown", facts("pwd pop", "key", RESISTANT), Allow()),
    ("a passkey alone", facts("pop uv", "key", RESISTANT), Allow()),
    ("no key yet, a code first", facts(traits="totp", policy=RESISTANT), enrolled("totp")),
    ("no key yet, the code is shown", facts("pwd otp", "totp", RESISTANT), Enrol(
        "key_is_required", ("key",), required=True)),
    ("no key, nothing else", facts(policy=RESISTANT), Enrol(
        "key_is_required", ("key",), required=True)),
    ("keys cannot be had here", facts(policy=RESISTANT, bindable=("totp",)), Enrol(
        "second_factor_is_required", ("totp",), required=True)),
    ("keys cannot be had, a code is shown", facts(
        "pwd otp", "totp", RESISTANT, bindable=("totp",)), Allow()),
    # A trusted device
    ("trusted", facts(traits="totp", device_trusted=True), TRUSTED),
    ("trusted where two are required", facts(
        traits="totp", policy=REQUIRED, device_trusted=True), TRUSTED),
    ("trusted, but fresh is asked", facts(
        traits="totp", device_trusted=True, fresh=True), enrolled("totp")),
    ("trusted, but a level is asked", facts(
        traits="totp", device_trusted=True, wanted=("urn:x",)), enrolled("totp")),
    ("trusted, but keys are the policy", facts(
        traits="totp", policy=RESISTANT, device_trusted=True), enrolled("totp")),
    ("trusted, with nothing to stand in for", facts(
        policy=REQUIRED, device_trusted=True), DEMAND),
    # What is enrolled
    ("nothing, and nothing asked", facts(), Allow()),
    ("enrolled though optional", facts(traits="totp"), enrolled("totp")),
    ("enrolled", facts(traits="key totp", policy=ENCOURAGED), enrolled("key totp")),
    ("enrolled and required", facts(traits="totp", policy=REQUIRED), enrolled("totp")),
    ("shown", facts("pwd otp", "totp", REQUIRED), Allow()),
    ("recovered", facts("pwd rec", "totp recovery_code", REQUIRED), Allow()),
    ("mail is for where it is required", facts(traits="mail"), Allow()),
    ("mail where it is encouraged", facts(traits="mail", policy=ENCOURAGED), OFFER),
    ("mail where it is required", facts(traits="mail text", policy=REQUIRED), enrolled(
        "text mail")),
    ("mail was shown", facts("pwd mail", "mail", REQUIRED), Allow()),
    # What must be bound
    ("required", facts(policy=REQUIRED), DEMAND),
    ("a “not now” does not help", facts(policy=REQUIRED, offer_declined_at=LATELY), DEMAND),
    ("grace begins", facts(policy=REQUIRED, grace=WEEK), Enrol(
        "second_factor_is_required", BOTH, required=False, until=NOON + WEEK)),
    ("grace goes on", facts(policy=REQUIRED, grace=WEEK, demanded_at=NOON - WEEK / 7), Enrol(
        "second_factor_is_required", BOTH, required=False, until=NOON + WEEK * 6 / 7)),
    ("grace is over", facts(policy=REQUIRED, grace=WEEK, demanded_at=NOON - WEEK), Enrol(
        "second_factor_is_required", BOTH, required=True, until=NOON)),
    ("grace for a key", facts("pwd otp", "totp", RESISTANT, grace=WEEK), Enrol(
        "key_is_required", ("key",), required=False, until=NOON + WEEK)),
    # What is offered
    ("encouraged", facts(policy=ENCOURAGED), OFFER),
    ("declined lately", facts(policy=ENCOURAGED, offer_declined_at=LATELY), Allow()),
    ("declined long ago", facts(policy=ENCOURAGED, offer_declined_at=LONG_AGO), OFFER),
    ("encouraged, and shown", facts("pwd otp", "totp", ENCOURAGED), Allow()),
]  # fmt: skip


@pytest.mark.parametrize(("known", "verdict"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE])
def test_the_first_rule_with_an_opinion_wins(known, verdict):
    assert judge_sign_in(known, NOON) == verdict


def test_every_rule_decides_some_row_and_is_named_by_its_verdict():
    decided = set()
    for _, known, verdict in TABLE:
        rule = next((rule for rule in RULES if rule(known, NOON)), None)
        decided.add(rule)
        assert verdict.rule == (rule.__name__ if rule else "enough_is_shown")

    assert decided == {None, *RULES}


FACTS = st.builds(
    SignInFacts,
    amr=AMR,
    owned=OWNED,
    second_factor=st.sampled_from(SecondFactor),
    bindable=BINDABLE.filter(bool),
    wanted=st.lists(st.sampled_from([*LEVELS, "urn:x"]), max_size=3).map(tuple),
    fresh=st.booleans(),
    device_trusted=st.booleans(),
    asked=st.booleans(),
    level=st.none() | st.sampled_from(LEVELS),
    doubted=st.booleans(),
    reset=st.booleans(),
    by_ticket=st.booleans(),
    offer_declined_at=st.none() | st.sampled_from([LATELY, LONG_AGO]),
    demanded_at=st.none() | st.sampled_from([NOON - 2 * WEEK, NOON - WEEK / 2]),
    grace=st.sampled_from([timedelta(0), WEEK]),
)


@spec("ASVS 6.3.3", "ASVS 6.3.4")
@given(FACTS)
def test_two_steps_are_there_before_a_session_opens_where_the_policy_requires_them(known):
    if known.second_factor in (REQUIRED, RESISTANT) and judge_sign_in(known, NOON) == Allow():
        assert two_steps(known.amr)


@spec("ASVS 6.3.3")
@given(FACTS)
def test_whoever_has_a_key_shows_it_where_the_policy_wants_keys(known):
    allowed = isinstance(judge_sign_in(known, NOON), Allow)
    if known.second_factor is RESISTANT and allowed and "key" in known.bindable:
        assert satisfies(acr_of(known.amr), "phr")


@spec("ASVS 6.4.4")
@given(FACTS)
def test_an_operators_reset_lets_nobody_in_without_the_ticket(known):
    verdict = judge_sign_in(known, NOON)

    if known.reset and not known.by_ticket:
        assert isinstance(verdict, Refer)
    elif known.reset and not two_steps(known.amr):
        assert isinstance(verdict, Enrol)
        assert verdict.required


@spec("ASVS 6.3.4")
@given(FACTS)
def test_a_trusted_device_changes_nothing_but_whether_the_second_step_is_asked(known):
    without = judge_sign_in(replace(known, device_trusted=False), NOON)
    with_it = judge_sign_in(replace(known, device_trusted=True), NOON)

    assert with_it in (without, TRUSTED)
    if with_it == TRUSTED:
        assert known.owned.second_step
        assert not known.fresh
        assert not known.wanted
        assert not known.reset or (known.by_ticket and two_steps(known.amr))
        assert known.second_factor is not RESISTANT


@given(FACTS)
def test_what_is_asked_for_can_be_shown_and_leads_further(known):
    verdict = judge_sign_in(known, NOON)
    if not isinstance(verdict, NeedFactor):
        return
    assert verdict.steps
    assert set(verdict.steps) | set(verdict.others) <= set(known.owned.steps)
    assert not set(verdict.steps) & set(verdict.others)
    for step in verdict.steps:
        shown = shown_by(step, known.owned, verified="pwd" not in known.amr)
        after = replace(known, amr=(*known.amr, *shown))
        assert judge_sign_in(after, NOON) != verdict


@given(FACTS)
def test_whoever_does_what_is_asked_gets_in(known):
    """No loop: each step that is shown or bound brings the sign-in nearer to its end."""
    for _ in range(4):
        verdict = judge_sign_in(known, NOON)
        if isinstance(verdict, Refuse):
            assert known.level is not None
        if isinstance(verdict, Allow | Refer | Refuse):
            return
        if isinstance(verdict, NeedFactor):
            shown = shown_by(verdict.steps[0], known.owned, verified="pwd" not in known.amr)
            known = replace(known, amr=(*known.amr, *shown))
        elif verdict.required:
            kind = verdict.kinds[0]
            method = "pop" if kind == "key" else "otp"
            known = replace(
                known,
                amr=("pwd", *known.amr, method),
                owned=replace(known.owned, **{kind: True}),
                reset=False,
            )
        else:
            return
    raise AssertionError(known)


@given(FACTS)
def test_asking_for_more_never_lets_somebody_in_sooner(known):
    if isinstance(judge_sign_in(known, NOON), Allow):
        assert isinstance(judge_sign_in(replace(known, wanted=()), NOON), Allow | Enrol)
    else:
        verdict = judge_sign_in(replace(known, wanted=("mfa", *known.wanted), fresh=True), NOON)
        assert not isinstance(verdict, Allow)


@pytest.mark.parametrize(
    ("owned", "without", "policy", "stays"),
    [
        ("password totp", "password", OFF, False),
        ("password totp", "password", ENCOURAGED, False),
        ("password totp", "password", REQUIRED, True),
        ("password totp key", "password key", REQUIRED, False),
        ("password totp mail", "password mail", REQUIRED, False),
        ("password", "password", REQUIRED, False),
        ("password key totp", "password totp", RESISTANT, True),
        ("password key totp", "password key", RESISTANT, False),
        ("password totp", "password", RESISTANT, False),
        ("password key", "key", RESISTANT, False),
        ("key", "", OFF, True),
        ("password key", "password", OFF, False),
        ("password", "", OFF, True),
        ("key totp", "totp", OFF, True),
    ],
)
def test_a_factor_stays_that_the_policy_demands_or_that_is_the_last_way_in(
    owned, without, policy, stays
):
    def having(traits):
        return replace(owning(traits), password="password" in traits.split())

    assert must_stay(having(owned), having(without), policy) is stays


@given(owned=OWNED, without=OWNED, policy=st.sampled_from(SecondFactor))
def test_nobody_is_left_without_a_way_in(owned, without, policy):
    if not must_stay(owned, without, policy):
        assert without.password or without.key


@spec("ASVS 6.4.3")
@pytest.mark.parametrize(
    ("amr", "traits", "verdict"),
    [
        ("mail", "", Allow("link_was_opened")),
        ("mail", "mail", Allow("link_was_opened")),
        ("mail", "totp", needing("factor_is_not_bypassed", "totp")),
        ("mail", "text mail", needing("factor_is_not_bypassed", "text")),
        ("mail otp", "totp", Allow("link_was_opened")),
        ("mail rec", "totp recovery_code", Allow("link_was_opened")),
        ("mail otp", "key totp", Allow("link_was_opened")),
        ("mail pop", "key totp", Allow("link_was_opened")),
        ("mail sms", "totp", needing("factor_is_not_bypassed", "totp")),
    ],
)
def test_a_link_by_mail_stands_for_no_second_factor(amr, traits, verdict):
    assert judge_recovery(tuple(amr.split()), owning(traits)) == verdict


@spec("ASVS 6.4.3")
@given(amr=AMR, owned=OWNED)
def test_whoever_has_a_factor_shows_it_before_choosing_a_new_password(amr, owned: Owned):
    verdict = judge_recovery(amr, owned)

    if owned.key or owned.totp:
        proved = two_steps((*amr, "pwd")) and set(amr) - {"pwd", "mail", "uv"}
        assert isinstance(verdict, NeedFactor) or proved
    assert not isinstance(verdict, NeedFactor) or steps_to(None, ("pwd",), owned)


@spec("ASVS 6.3.5", "ASVS 7.5.3")
@given(FACTS)
def test_what_the_policy_of_sessions_demands_is_shown_before_one_opens(known):
    if isinstance(judge_sign_in(known, NOON), Allow):
        assert known.level is None or satisfies(acr_of(known.amr), known.level)
        possible = steps_to(None, known.amr, known.owned)
        assert not known.asked or two_steps(known.amr) or not possible


@given(FACTS)
def test_a_demand_of_the_policy_lets_nobody_in_who_was_not_before(known):
    without = judge_sign_in(replace(known, asked=False, level=None), NOON)
    demanded = judge_sign_in(known, NOON)

    assert isinstance(without, Allow) or not isinstance(demanded, Allow)
