"""What a judgement comes to at a sign-in: asked for, refused, or let in for a shorter while."""

from dataclasses import replace

from idp.policy.book import Judgement, Limits
from idp.policy.terms import Outcome

# Somebody of whom no more can be asked than was shown stays no longer than this part of the usual.
UNASKED_SHARE = 0.5
_ASKING = frozenset({Outcome.ASK_FACTOR, Outcome.ASK_AGAIN})
# There is no session yet that could end: what would end it does not let it begin.
_REFUSING = frozenset({Outcome.REFUSE, Outcome.END})


def asks(judgement: Judgement) -> bool:
    """Tell whether a second step has to be shown in this very sign-in."""
    return judgement.outcome in _ASKING


def refuses(judgement: Judgement) -> bool:
    """Tell whether nothing that could be shown lets anybody in."""
    return judgement.outcome in _REFUSING


def settled(judgement: Judgement, defaults: Limits, *, shown: bool) -> Judgement:
    """Return the judgement that a session opens by, when all has been shown that there is.

    Who was asked for a second step and has none is let in for a shorter while: `shorten` is what
    came of it, by the rule that asked.
    """
    if shown or not asks(judgement):
        return judgement
    limits = judgement.limits
    idle = min(limits.idle, defaults.idle * UNASKED_SHARE)
    absolute = min(limits.absolute, defaults.absolute * UNASKED_SHARE)
    moved = {
        name: judgement.rule
        for name, now, before in (
            ("idle", idle, limits.idle),
            ("absolute", absolute, limits.absolute),
        )
        if now < before
    }
    return replace(
        judgement,
        outcome=Outcome.SHORTEN,
        limits=replace(limits, idle=idle, absolute=absolute),
        limited_by=tuple((dict(judgement.limited_by) | moved).items()),
    )


def shortened(judgement: Judgement, defaults: Limits) -> str | None:
    """Return the rule that makes a session shorter than it usually is; None where none does."""
    by = dict(judgement.limited_by)
    for name in ("absolute", "idle"):
        if name in by and getattr(judgement.limits, name) < getattr(defaults, name):
            return by[name]
    return None
