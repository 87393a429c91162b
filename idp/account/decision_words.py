"""A decision as the person reads it whom it concerns: how it looked, what was asked, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from flask_babel import format_timedelta

from idp.account.devices import client_name
from idp.account.judged_words import level_in_words, outcome_in_words, rule_in_words
from idp.context import RequestContext
from idp.policy.book import NEVER
from idp.policy.facts import Contribution
from idp.policy.on_record import limits_of
from idp.policy.terms import Moment, Outcome, RiskLevel
from idp.store.decisions import ME, NOT_ME, Recorded
from idp.surroundings.agents import agent_of
from idp.web.device_words import describe
from idp.web.place_words import approximately
from idp.web.risk_words import suspicions
from idp.web.words import at_time
from idp.web.words import gettext as _

_KEPT = {each.name for each in fields(Contribution)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A decision in words.

    `unusual` says how unlike the person it looked, if it did; `reasons` are the rule that stopped a
    session, and the strongest of what spoke against it, `details` all that stands behind the line.
    """

    text: str
    unusual: str | None
    reasons: list[str]
    details: list[tuple[str, str]]
    answer: str | None


def told(ctx: RequestContext, decision: Recorded, *, limiting: bool = True) -> Told:
    """Return a decision in words.

    Not `limiting` is one about a session that keeps the limits it was opened by.
    """
    reasons = suspicions(_contributions(decision))
    limiting = limiting and not decision.unfinished
    unusual = decision.level != RiskLevel.LOW.word
    where = decision.facts.get("country")
    found = [
        (_("How it looked"), level_in_words(decision.level)),
        (_("Because"), _listed(reasons)),
        (_("What followed"), outcome_in_words(decision.outcome)),
        (_("By the rule"), rule_in_words(ctx, decision.rule)),
        (_("Ends"), limits_in_words(decision) if limiting else ""),
        (_("Shorter by"), _shortened_by(ctx, decision) if limiting else ""),
        (_("Place"), approximately(where) if isinstance(where, str) else ""),
        (_("Policy"), decision.policy_version),
    ]
    return Told(
        text=_text(ctx, decision),
        unusual=level_in_words(decision.level) if unusual else None,
        reasons=_stopped_by(ctx, decision) + reasons,
        details=[(label, value) for label, value in found if value],
        answer=answer_in_words(decision.answer),
    )


def sign_in_in_words(ctx: RequestContext, decision: Recorded) -> dict[str, Any]:
    """Return what lets somebody recognise a sign-in, or see that it was not them."""
    words, place = told(ctx, decision), decision.facts.get("country")
    return {
        "id": decision.id,
        "when": at_time(decision.at),
        "device": describe(decision.user_agent),
        "handheld": agent_of(decision.user_agent).handheld,
        "place": approximately(place) if isinstance(place, str) else None,
        "address": decision.address,
        "client": client_name(ctx, decision.client_id) if decision.client_id else None,
        "reasons": words.reasons,
        "text": words.text,
        "got_in": decision.sid is not None,
    }


def _contributions(decision: Recorded) -> Iterable[Contribution]:
    for kept in decision.contributions:
        yield Contribution(**{name: kept[name] for name in _KEPT & set(kept)})


def _text(ctx: RequestContext, decision: Recorded) -> str:
    """Return what happened, where no event of its own says so."""
    app = client_name(ctx, decision.client_id) if decision.client_id else _("An application")
    proved = _("You were asked to prove that it is you.")
    more = _("You were asked to prove more for %(app)s.", app=app)
    of_outcome = {
        Outcome.ALLOW: _("A session went on."),
        Outcome.SHORTEN: _("A session ends sooner than it would have."),
        Outcome.ASK_FACTOR: more if decision.moment == Moment.AUTHORIZE else proved,
        Outcome.ASK_AGAIN: more if decision.moment == Moment.AUTHORIZE else proved,
        Outcome.REFUSE: _("%(app)s was refused.", app=app),
        Outcome.END: _("A session was ended to protect you."),
    }
    if decision.moment == Moment.SIGN_IN:
        return _of_sign_in(decision)
    return of_outcome.get(Outcome(decision.outcome), "")


def _of_sign_in(decision: Recorded) -> str:
    if decision.outcome == Outcome.REFUSE:
        return _("A sign-in was refused.")
    if not decision.unfinished:
        return _("Somebody signed in to your account.")
    return _(
        "Somebody got past the first step of a sign-in to your account, such as the password, was "
        "asked for more and has not signed in."
    )


def limits_in_words(decision: Recorded) -> str:
    """Return when what a decision allowed comes to an end."""
    limits = limits_of(decision.limits) if decision.limits else None
    ends = decision.outcome in (Outcome.REFUSE, Outcome.END)
    if limits is None or limits.idle == NEVER or ends or decision.sid is None:
        return ""
    return _(
        "After %(idle)s unused, after %(absolute)s in any case",
        idle=_span(limits.idle),
        absolute=_span(limits.absolute),
    )


def answer_in_words(answer: str | None) -> str | None:
    """Return what the person said to “Was this you?”."""
    return {ME: _("You said that it was you"), NOT_ME: _("You said that it was not you")}.get(
        answer or ""
    )


def _stopped_by(ctx: RequestContext, decision: Recorded) -> list[str]:
    asked = Outcome(decision.outcome).severity > Outcome.SHORTEN.severity
    stopped = asked and decision.moment != Moment.SIGN_IN
    return [rule_in_words(ctx, decision.rule)] if stopped else []


def _shortened_by(ctx: RequestContext, decision: Recorded) -> str:
    moved = decision.limits.get("limited_by") or {}
    rules = [moved[name] for name in ("absolute", "idle") if name in moved]
    others = dict.fromkeys(rule for rule in rules if rule != decision.rule)
    return _listed([rule_in_words(ctx, rule) for rule in others])


def _listed(sentences: list[str]) -> str:
    return " · ".join(sentences)


def _span(time: timedelta) -> str:
    return str(format_timedelta(time, threshold=1.5))
