"""The built-in policy: what each of its rules says, and to whom."""

import pytest

from idp.policy.book import NEVER
from idp.policy.built_in import built_in, rules_for
from idp.policy.judge import judge
from idp.policy.terms import Change, Outcome, RiskLevel
from idp.settings import Settings
from idp.web.policy_words import why
from tests.policy.books import ELEVATED, HIGH, HOURS, KNOWN, LIMITS, MINUTES, NEW, TRUSTED, facts
from tests.support.spec import spec

POLICY = built_in(Settings())
KEYS = {"acr": "phr", "device": TRUSTED}


def changed(*changes, **values):
    return facts(changes=frozenset(changes), **values)


@pytest.mark.parametrize(
    ("seen", "outcome", "rule"),
    [
        (facts(), Outcome.ALLOW, "defaults"),
        (changed(Change.NETWORK), Outcome.ALLOW, "defaults"),
        (changed(Change.COUNTRY), Outcome.ALLOW, "defaults"),
        (changed(Change.BROWSER), Outcome.ALLOW, "defaults"),
        (changed(Change.COPIED_COOKIE), Outcome.END, "copied_cookie"),
        (changed(Change.COPIED_COOKIE, acr="phrh", device=TRUSTED), Outcome.END, "copied_cookie"),
        (
            changed(Change.NETWORK, Change.BROWSER, Change.NETWORK_AND_BROWSER),
            Outcome.ASK_AGAIN,
            "network_and_browser_changed",
        ),
        (changed(Change.IMPOSSIBLE_TRAVEL), Outcome.ASK_AGAIN, "impossible_travel"),
        (changed(Change.DEVICE), Outcome.ASK_AGAIN, "device_credential_missing"),
        (changed(Change.STALE_COOKIE), Outcome.ASK_AGAIN, "stale_cookie"),
        (changed(Change.IMPOSSIBLE_TRAVEL, Change.COPIED_COOKIE), Outcome.END, "copied_cookie"),
        (facts(risk=HIGH), Outcome.ASK_FACTOR, "high_risk"),
        (facts(risk=HIGH, device=TRUSTED, acr="phrh"), Outcome.ASK_FACTOR, "high_risk"),
        (facts(risk=ELEVATED), Outcome.ASK_FACTOR, "elevated_risk"),
        (facts(device=NEW), Outcome.SHORTEN, "new_browser"),
        (facts(device=NEW, risk=ELEVATED), Outcome.ASK_FACTOR, "elevated_risk"),
        (facts(**KEYS), Outcome.ALLOW, "defaults"),
    ],
)
def test_what_is_suspicious_is_asked_or_ended(seen, outcome, rule):
    said = judge(POLICY, seen)

    assert (said.outcome, said.rule) == (outcome, rule)


@pytest.mark.parametrize(
    ("seen", "idle", "absolute", "return_within"),
    [
        (facts(), HOURS, 12 * HOURS, 12 * HOURS),
        (facts(device=TRUSTED), HOURS, 12 * HOURS, 12 * HOURS),
        (facts(acr="phr"), HOURS, 12 * HOURS, 12 * HOURS),
        (facts(**KEYS), HOURS, 24 * HOURS, 12 * HOURS),
        (facts(device=TRUSTED, acr="phrh"), HOURS, 24 * HOURS, 12 * HOURS),
        (facts(device=TRUSTED, acr="mfa"), HOURS, 12 * HOURS, 12 * HOURS),
        (facts(device=NEW), HOURS, 6 * HOURS, NEVER),
        (facts(device=NEW, acr="phrh"), HOURS, 6 * HOURS, NEVER),
        (facts(risk=ELEVATED), 30 * MINUTES, 6 * HOURS, NEVER),
        (facts(risk=ELEVATED, **KEYS), 30 * MINUTES, 6 * HOURS, NEVER),
        (facts(risk=HIGH), 15 * MINUTES, 3 * HOURS, NEVER),
    ],
)
def test_the_better_a_browser_and_a_proof_are_known_the_longer_a_session_lives(
    seen, idle, absolute, return_within
):
    limits = judge(POLICY, seen).limits

    assert (limits.idle, limits.absolute) == (idle, absolute)
    assert limits.return_within == return_within


def test_at_high_risk_no_browser_is_trusted():
    assert judge(POLICY, facts(risk=HIGH)).limits.trusted_device == NEVER
    assert judge(POLICY, facts(risk=ELEVATED)).limits.trusted_device == LIMITS.trusted_device


@spec("NIST SP 800-63B-4 §2.2.3")
@pytest.mark.parametrize(
    ("given", "longest"), [(HOURS, 2 * HOURS), (20 * HOURS, 24 * HOURS), (30 * HOURS, 30 * HOURS)]
)
def test_nobody_gets_more_than_twice_what_the_settings_say_nor_more_than_a_day(given, longest):
    policy = built_in(Settings(session_absolute=given))

    assert judge(policy, facts(**KEYS)).limits.absolute == longest


@pytest.mark.parametrize("moment", ["sign_in", "authorize", "refresh", "account"])
def test_what_the_built_in_rules_say_they_say_at_every_moment(moment):
    assert judge(POLICY, facts(moment=moment, risk=HIGH)).rule == "high_risk"


def test_a_new_network_alone_asks_for_nothing_at_any_level_of_knowledge():
    for device in (KNOWN, TRUSTED):
        seen = changed(Change.NETWORK, device=device, network="AS64500", hosting=True, tor=True)
        assert judge(POLICY, seen).outcome is Outcome.ALLOW


def test_each_built_in_rule_has_words_of_its_own():
    words = [why(rule.name) for rule in rules_for(LIMITS)]

    assert len(set(words)) == len(words)
    assert not set(words) & {rule.name for rule in rules_for(LIMITS)}
    assert {"defaults", "bounds"}.isdisjoint({why("defaults"), why("bounds")})


def test_the_risk_rules_leave_no_level_out():
    spoken = {level for rule in rules_for(LIMITS) for level in rule.when.risks or ()}

    assert spoken == set(RiskLevel)
