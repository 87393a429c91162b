"""What a rule of the policy does to others, or to everybody, in words for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idp.policy.shut_out import ShutOut


def shuts_out(found: ShutOut) -> str:
    """Return whom a rule lets nothing do, as the end of a sentence about that rule."""
    from idp.policy.shut_out import Whom
    from idp.policy.terms import Outcome

    rule = found.rule
    if found.whom is Whom.EVERYBODY:
        return "lets nobody sign in"
    if found.whom is Whom.WITH_A_PASSWORD:
        return "lets nobody sign in by a password, for that is judged before a second step"
    at = ", ".join(sorted(rule.when.moments or ()))
    return f"{'ends' if rule.then.outcome is Outcome.END else 'refuses'} every session at {at}"
