"""The terms of a decision in words to the person whom it concerns."""

from idp.context import RequestContext
from idp.judgement.policies import Policies
from idp.web.policy_words import why_of
from idp.web.words import gettext as _


def rule_in_words(ctx: RequestContext, rule: str) -> str:
    """Return why a rule applied; nothing where none did."""
    return why_of(ctx.house.get(Policies).current(ctx.now), rule) if rule else ""


def level_in_words(level: str) -> str:
    """Return how unlike the person something looked."""
    return {
        "low": _("As usual"),
        "elevated": _("Unfamiliar"),
        "high": _("Very unlike you"),
    }.get(level, level)


def outcome_in_words(outcome: str) -> str:
    """Return what a decision came to."""
    return {
        "allow": _("Nothing more was asked for"),
        "shorten": _("The session is a shorter one"),
        "ask_factor": _("The second step was asked for"),
        "ask_again": _("A new proof was asked for"),
        "refuse": _("It was refused"),
        "end": _("The session was ended"),
    }.get(outcome, outcome)
