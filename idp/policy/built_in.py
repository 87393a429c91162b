"""The policy that holds where no file says otherwise: its limits are the settings'.

What is suspicious comes first, for of each setting the first rule that speaks of it decides.
"""

from dataclasses import replace
from datetime import timedelta

from idp.policy.book import NEVER, Bounds, Limits, Policy, Rule, Share, Then, When
from idp.policy.presets import AAL2
from idp.policy.risk.thresholds import THRESHOLDS
from idp.policy.terms import Change, DeviceStanding, Outcome, RiskLevel
from idp.policy.written import version_of
from idp.settings import Settings

# At AAL2 a password or a passkey is enough after the idle end, while the session's absolute limit
# is not reached (NIST SP 800-63B-4 §2.2.3).
RETURN_WITHIN = timedelta(hours=12)


def defaults_of(settings: Settings) -> Limits:
    """Return the limits that the settings give everybody."""
    return Limits(
        idle=settings.session_idle,
        absolute=settings.session_absolute,
        reauthentication=settings.reauthentication_age,
        trusted_device=settings.trusted_device_lifetime,
        return_within=min(RETURN_WITHIN, settings.session_absolute),
    )


def rules_for(defaults: Limits) -> tuple[Rule, ...]:
    """Return the rules that are built in, for these limits."""
    return (
        Rule(
            "copied_cookie",
            When(changes=frozenset({Change.COPIED_COOKIE})),
            Then(outcome=Outcome.END),
        ),
        Rule(
            "network_and_browser_changed",
            When(changes=frozenset({Change.NETWORK_AND_BROWSER})),
            Then(outcome=Outcome.ASK_AGAIN),
        ),
        Rule(
            "impossible_travel",
            When(changes=frozenset({Change.IMPOSSIBLE_TRAVEL})),
            Then(outcome=Outcome.ASK_AGAIN),
        ),
        Rule(
            "device_credential_missing",
            When(changes=frozenset({Change.DEVICE})),
            Then(outcome=Outcome.ASK_AGAIN),
        ),
        Rule(
            "stale_cookie",
            When(changes=frozenset({Change.STALE_COOKIE})),
            Then(outcome=Outcome.ASK_AGAIN),
        ),
        Rule(
            "high_risk",
            When(risks=frozenset({RiskLevel.HIGH})),
            Then(
                outcome=Outcome.ASK_FACTOR,
                idle=Share(0.25),
                absolute=Share(0.25),
                trusted_device=NEVER,
                return_within=NEVER,
            ),
        ),
        Rule(
            "elevated_risk",
            When(risks=frozenset({RiskLevel.ELEVATED})),
            Then(
                outcome=Outcome.ASK_FACTOR,
                idle=Share(0.5),
                absolute=Share(0.5),
                return_within=NEVER,
            ),
        ),
        Rule(
            "new_browser",
            When(devices=frozenset({DeviceStanding.NEW})),
            Then(absolute=Share(0.5), return_within=NEVER),
        ),
        Rule(
            "trusted_browser_with_passkey",
            When(
                devices=frozenset({DeviceStanding.TRUSTED}),
                acr=frozenset({"phr", "phrh"}),
                risks=frozenset({RiskLevel.LOW}),
            ),
            Then(absolute=_longest(defaults.absolute)),
        ),
    )


def _longest(absolute: timedelta) -> timedelta:
    """Return twice the default as far as AAL2 lets it, and never less than the default."""
    return max(absolute, min(2 * absolute, AAL2.absolute or absolute))


def built_in(settings: Settings) -> Policy:
    """Return the policy that holds without a file."""
    defaults = defaults_of(settings)
    policy = Policy(
        version="",
        defaults=defaults,
        rules=rules_for(defaults),
        bounds=Bounds(),
        thresholds=THRESHOLDS,
    )
    return replace(policy, version=version_of(policy))
