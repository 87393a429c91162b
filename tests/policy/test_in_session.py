"""What a judgement comes to in a session that stands (DESIGN §1: risk only adds; I5)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.book import Judgement, Limits, Policy, Rule, Then, When
from idp.policy.facts import Facts
from idp.policy.in_session import (
    NOTHING,
    Proof,
    Wanted,
    after_a_change,
    as_at_sign_in,
    as_before,
    as_let_in,
    calmed,
    speaks_at,
    under_another_policy,
    wanted_of_request,
)
from idp.policy.session_terms import Term, instead, shorter
from idp.policy.terms import Change, DeviceStanding, Moment, Outcome, RiskLevel

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits(idle=HOUR, absolute=12 * HOUR, reauthentication=HOUR / 4, trusted_device=24 * HOUR)
PASSWORD = Proof(amr=("pwd",), acr="sfa")
MORE = Proof(amr=("pwd",), acr="sfa", more_owned=True)
TWO = Proof(amr=("pwd", "otp"), acr="mfa", more_owned=True)
NETWORK, COUNTRY = frozenset({Change.NETWORK}), frozenset({Change.COUNTRY})
BOTH = frozenset({Change.NETWORK, Change.BROWSER, Change.NETWORK_AND_BROWSER})
ALLOW, SHORTEN, FACTOR, AGAIN, REFUSE, END = Outcome


def said(outcome: Outcome = ALLOW, rule: str = "rule", acr: str | None = None) -> Judgement:
    return Judgement(outcome=outcome, rule=rule, limits=LIMITS, acr=acr, version="1")


def facts(**known: object) -> Facts:
    return Facts(**({"moment": Moment.AUTHORIZE} | known))


# What changed


@pytest.mark.parametrize(
    ("changes", "now", "known", "risk"),
    [
        (frozenset(), RiskLevel.HIGH, RiskLevel.LOW, RiskLevel.LOW),
        (NETWORK | COUNTRY, RiskLevel.HIGH, RiskLevel.ELEVATED, RiskLevel.ELEVATED),
        (BOTH, RiskLevel.HIGH, RiskLevel.LOW, RiskLevel.HIGH),
        (BOTH, RiskLevel.LOW, RiskLevel.HIGH, RiskLevel.HIGH),
    ],
)
def test_a_new_network_alone_is_no_reason_to_doubt_who_is_there(changes, now, known, risk):
    assert calmed(facts(changes=changes, risk=now), known).risk is risk


@pytest.mark.parametrize(
    ("changes", "device"),
    [(frozenset({Change.DEVICE}), DeviceStanding.KNOWN), (BOTH, DeviceStanding.NEW)],
)
def test_what_was_before_is_the_same_without_the_changes(changes, device):
    home = facts(network="AS1", prefix="203.0.113.0/24", country="NO", hosting=True, tor=True)
    away = facts(network="AS2", country="RO", changes=changes, risk=RiskLevel.HIGH)

    before = as_before(away, RiskLevel.LOW, home)

    assert (before.changes, before.risk, before.device) == (frozenset(), RiskLevel.LOW, device)
    assert (before.network, before.prefix, before.country) == ("AS1", "203.0.113.0/24", "NO")
    assert (before.hosting, before.tor) == (True, True)


@pytest.mark.parametrize(
    ("before", "now", "changes", "proof", "outcome"),
    [
        (said(), said(), BOTH, PASSWORD, ALLOW),
        (said(), said(SHORTEN), BOTH, PASSWORD, ALLOW),
        (said(), said(AGAIN), BOTH, TWO, AGAIN),
        (said(), said(REFUSE), NETWORK, TWO, REFUSE),
        (said(), said(END), BOTH, TWO, END),
        (said(), said(END), NETWORK | COUNTRY, TWO, AGAIN),
        (said(), said(END), frozenset(), TWO, AGAIN),
        (said(), said(FACTOR), BOTH, TWO, ALLOW),
        (said(), said(FACTOR), BOTH, MORE, FACTOR),
        (said(), said(FACTOR), BOTH, PASSWORD, ALLOW),
        (said(), said(FACTOR, acr="phr"), BOTH, TWO, FACTOR),
        (said(FACTOR), said(FACTOR), NETWORK, MORE, ALLOW),
        (said(AGAIN, "each time"), said(AGAIN, "travel"), BOTH, TWO, AGAIN),
        (said(AGAIN), said(AGAIN), BOTH, TWO, ALLOW),
    ],
)
def test_only_what_is_new_is_held_against_a_session(before, now, changes, proof, outcome):
    assert after_a_change(before, now, changes, proof) is outcome


@given(
    before=st.sampled_from(Outcome),
    now=st.sampled_from(Outcome),
    changes=st.sets(st.sampled_from([Change.NETWORK, Change.COUNTRY])),
)
def test_a_new_address_alone_ends_nothing(before, now, changes):
    changed = frozenset(changes)

    assert after_a_change(said(before), said(now), changed, MORE) is not END


# Another policy


@pytest.mark.parametrize(
    ("now", "proof", "outcome"),
    [
        (said(), PASSWORD, ALLOW),
        (said(SHORTEN), PASSWORD, ALLOW),
        (said(AGAIN), PASSWORD, ALLOW),
        (said(FACTOR), PASSWORD, ALLOW),
        (said(FACTOR), MORE, FACTOR),
        (said(FACTOR), TWO, ALLOW),
        (said(FACTOR, acr="phr"), TWO, FACTOR),
        (said(REFUSE), TWO, REFUSE),
        (said(END), TWO, END),
    ],
)
def test_by_another_policy_what_was_shown_counts(now, proof, outcome):
    assert under_another_policy(now, proof) is outcome


# One request

CLIENT = frozenset({"payroll"})
OF_CLIENT = Rule("client", When(clients=CLIENT), Then(reauthentication=HOUR / 12))
AT_REFRESH = Rule("refresh", When(moments=frozenset({Moment.REFRESH})), Then(outcome=REFUSE))
OLD = Rule("old", When(proof_older_than=HOUR), Then(outcome=AGAIN))
OF_ALL = Rule("all", When(groups=frozenset({"staff"})), Then(outcome=FACTOR))


def policy(*rules: Rule) -> Policy:
    return Policy(version="1", defaults=LIMITS, rules=rules)


@pytest.mark.parametrize(
    ("rules", "moment", "client", "speaks"),
    [
        ((), Moment.AUTHORIZE, "payroll", False),
        ((OF_ALL,), Moment.AUTHORIZE, "payroll", False),
        ((OF_ALL, OF_CLIENT), Moment.AUTHORIZE, "payroll", True),
        ((OF_CLIENT,), Moment.AUTHORIZE, "other", False),
        ((OF_CLIENT,), Moment.ACCOUNT, None, False),
        ((AT_REFRESH,), Moment.REFRESH, "other", True),
        ((AT_REFRESH,), Moment.AUTHORIZE, "other", False),
        ((OLD,), Moment.ACCOUNT, None, True),
    ],
)
def test_a_policy_speaks_of_a_moment_a_client_or_an_age(rules, moment, client, speaks):
    assert speaks_at(policy(*rules), moment, client) is speaks


def test_what_let_a_request_in_is_the_sign_in_and_for_a_refresh_its_authorization():
    here = facts(client_id="payroll", proof_age=HOUR)
    refreshing = facts(moment=Moment.REFRESH, client_id="payroll", proof_age=HOUR)
    none = timedelta(0)

    assert as_at_sign_in(here, "mail") == facts(
        moment=Moment.SIGN_IN, client_id="mail", proof_age=none
    )
    assert as_let_in(here, "mail") == as_at_sign_in(here, "mail")
    assert as_let_in(refreshing, "mail") == facts(client_id="payroll", proof_age=none)


@pytest.mark.parametrize(
    ("before", "now", "proof", "wanted"),
    [
        (said(), said(), PASSWORD, Wanted(rule="rule")),
        (said(AGAIN), said(AGAIN), PASSWORD, Wanted(rule="rule")),
        (said(), said(SHORTEN), PASSWORD, Wanted(rule="rule")),
        (said(), said(AGAIN), TWO, Wanted(outcome=AGAIN, rule="rule")),
        (said(), said(FACTOR), TWO, Wanted(rule="rule")),
        (said(), said(FACTOR), MORE, Wanted(outcome=FACTOR, rule="rule")),
        (said(), said(FACTOR, acr="phr"), TWO, Wanted(outcome=FACTOR, rule="rule", acr="phr")),
        (said(), said(acr="mfa"), TWO, Wanted(rule="rule")),
    ],
)
def test_a_request_is_asked_for_what_its_sign_in_was_not(before, now, proof, wanted):
    assert wanted_of_request(policy(), before, now, facts(), proof) == wanted
    assert Wanted() == NOTHING


def test_a_refresh_is_asked_for_no_level_that_its_authorization_had_to_show():
    now = said(FACTOR, acr="phr")
    refreshing = facts(moment=Moment.REFRESH)

    assert wanted_of_request(policy(), now, now, refreshing, TWO) == Wanted(rule="rule")


@pytest.mark.parametrize(
    ("by", "client", "age"),
    [
        ("client", "payroll", LIMITS.reauthentication),
        ("client", "other", None),
        ("all", "payroll", None),
        ("defaults", "payroll", None),
    ],
)
def test_a_proof_may_be_as_old_as_a_rule_of_this_client_says(by, client, age):
    now = Judgement(
        outcome=ALLOW,
        rule="defaults",
        limits=LIMITS,
        limited_by=(("reauthentication", by),),
        version="1",
    )

    wanted = wanted_of_request(policy(OF_CLIENT, OF_ALL), said(), now, facts(client_id=client), TWO)

    assert wanted.max_age == age


# Its limits

DURATIONS = st.timedeltas(timedelta(0), timedelta(days=3))


def a_term(idle: timedelta, absolute: timedelta) -> Term:
    return Term(opened_at=NOON, last_seen_at=NOON, idle=idle, absolute_until=NOON + absolute)


def limits(idle: timedelta, absolute: timedelta) -> Limits:
    return Limits(idle=idle, absolute=absolute, reauthentication=HOUR, trusted_device=timedelta(0))


@given(idle=DURATIONS, absolute=DURATIONS, new_idle=DURATIONS, new_absolute=DURATIONS)
def test_what_changed_in_a_session_never_lengthens_it(idle, absolute, new_idle, new_absolute):
    before = a_term(idle, absolute)

    after = shorter(before, limits(3 * HOUR, 3 * HOUR), limits(new_idle, new_absolute))

    assert after.idle_until <= before.idle_until
    assert after.absolute_until <= before.absolute_until
    assert after.absolute_until <= NOON + new_absolute or new_absolute >= 3 * HOUR
    assert after.idle <= new_idle or new_idle >= 3 * HOUR
    assert after.idle_until <= after.absolute_until


@given(
    idle=DURATIONS,
    absolute=DURATIONS,
    at_most=st.none() | st.datetimes(NOON.replace(tzinfo=None), timezones=st.just(UTC)),
)
def test_another_policy_counts_from_the_opening_and_puts_no_fixed_end_off(idle, absolute, at_most):
    after = instead(a_term(HOUR, HOUR), limits(idle, absolute), at_most)

    assert after.absolute_until <= NOON + absolute
    assert at_most is None or after.absolute_until <= at_most
    assert after.idle == idle
