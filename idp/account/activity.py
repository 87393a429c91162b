"""The audit log of one user, and what was decided about them, as lines that a person can read."""

from collections.abc import Iterable
from datetime import datetime

from idp.account.activity_words import NOT_YOURS, in_words, reason_in_words
from idp.account.decision_words import told
from idp.account.devices import client_name
from idp.account.method_words import methods_in_words
from idp.account.questions import may_disown, question_about
from idp.context import RequestContext
from idp.policy.terms import Moment, Outcome
from idp.store import decisions
from idp.store.audit_events import Recorded
from idp.store.decisions import NOT_ME
from idp.store.decisions import Recorded as Decision
from idp.store.sessions import Session
from idp.web.device_words import describe
from idp.web.words import at_time, clock_time, on_day, zone_shown
from idp.web.words import gettext as _

Line = dict[str, object]
_SHOWN_OF_A_SID = 8
_OURSELVES = ("worker", "server")
# What a decision came to; the other events of its request tell something else.
_JUDGED = frozenset(
    {"session.opened", "session.proved", "session.challenged", "session.ended", "sign_in.refused"}
)
_STOPS = frozenset({Outcome.ASK_FACTOR, Outcome.ASK_AGAIN, Outcome.END})
_MOST_DECISIONS = 200


def lines_of(
    ctx: RequestContext, events: list[Recorded], decided: list[Decision], here: Session
) -> list[dict[str, object]]:
    """Return events and decisions by day, each with who did it, from where and why."""
    waiting = {each.id: each for each in decided}
    items: list[tuple[datetime, Line]] = []
    for event in events:
        decision = _decision_of(event, waiting.values())
        if decision is not None:
            del waiting[decision.id]
        items.append((event.at, _line(ctx, event, decision, here)))
    alone = [each for each in waiting.values() if not _has_event(each)]
    items += [(each.at, _line_alone(ctx, each, here)) for each in alone]
    # What happened in one instant keeps the order that the log has.
    items.sort(key=lambda item: item[0], reverse=True)
    days: list[dict[str, object]] = []
    lines: list[Line] = []
    for at, line in items:
        day = on_day(at)
        if not days or days[-1]["day"] != day:
            lines = []
            days.append({"day": day, "lines": lines})
        lines.append(line)
    return days


def decided_among(
    ctx: RequestContext,
    user_id: str,
    events: list[Recorded],
    before: datetime | None,
    *,
    oldest: bool,
) -> list[Decision]:
    """Return what was decided while these events were written; `oldest` says that none is older."""
    since = None if oldest else events[-1].at
    return decisions.list_between(ctx.db, user_id, since, before, _MOST_DECISIONS)


def _decision_of(event: Recorded, decided: Iterable[Decision]) -> Decision | None:
    """Return the decision that an event came of."""
    if event.name not in _JUDGED:
        return None
    of_request = (each for each in decided if each.reference == event.reference)
    return next((each for each in of_request if each.sid == event.sid), None)


def _has_event(decision: Decision) -> bool:
    """Tell whether an event, on this page or on another, tells of a decision."""
    of_sign_in = decision.moment == Moment.SIGN_IN and decision.sid is not None
    return of_sign_in or decision.outcome in (Outcome.ALLOW, Outcome.END)


def _line(ctx: RequestContext, event: Recorded, decision: Decision | None, here: Session) -> Line:
    client = client_name(ctx, event.client_id) if event.client_id else None
    words = in_words(event.name, event.data, client)
    # What an application does happens on its own computer, not in the browser.
    by_browser = event.actor == "user"
    line: Line = {
        "time": clock_time(event.at),
        "text": words.text,
        "worrying": words.worrying,
        "quiet": words.quiet,
        "device": describe(event.user_agent) if event.user_agent and by_browser else None,
        "here": event.sid == here.sid and by_browser,
        "address": event.address,
        "who": _who(event, client),
        "details": _details(event, client),
    }
    if decision is None:
        return line
    # A new proof renews a session; its limits are those that it was opened by.
    return line | _why(ctx, decision, here, limiting=event.name != "session.proved")


def _line_alone(ctx: RequestContext, decision: Decision, here: Session) -> Line:
    return {
        "time": clock_time(decision.at),
        "text": told(ctx, decision).text,
        "worrying": decision.outcome == Outcome.REFUSE,
        "quiet": False,
        "device": describe(decision.user_agent) if decision.user_agent else None,
        "here": decision.sid == here.sid,
        "address": decision.address,
        "who": _("This service, by itself"),
        "details": [(_("When"), _when(decision.at)), (_("Reference"), decision.reference)],
    } | _why(ctx, decision, here)


def _why(ctx: RequestContext, decision: Decision, here: Session, *, limiting: bool = True) -> Line:
    """Return why it was decided so, and what is asked about it."""
    words = told(ctx, decision, limiting=limiting)
    question = question_about(decision, here)
    line: Line = {
        "unusual": words.unusual,
        "reasons": words.reasons,
        "why": words.details,
        "answer": words.answer,
        "question": {"id": decision.id, "vouched": question.vouched} if question else None,
        "disown": decision.id if words.answer and may_disown(decision) else None,
    }
    if decision.moment == Moment.SIGN_IN and (question or decision.answer == NOT_ME):
        # Whose it was is the question, or has been answered.
        line |= {"text": words.text, "who": None, "worrying": decision.answer == NOT_ME}
        line["device"] = describe(decision.user_agent)
    elif decision.unfinished:
        # Not the service did that, and whose it was stands in the answer, if anywhere.
        line["who"] = None
    elif decision.moment != Moment.SIGN_IN and decision.outcome in _STOPS:
        # The session's own browser is not the one that was stopped, nor may that be its owner.
        line |= {"who": None, "device": describe(decision.user_agent)}
    return line


def _who(event: Recorded, client: str | None) -> str:
    """Return who did it, as far as that is known: a wrong password has no name."""
    # What is asked for at a page, the service may do itself a moment later.
    if event.name in NOT_YOURS and event.actor in ("user", *_OURSELVES):
        return _("Somebody at a sign-in page")
    if event.actor == "user":
        return _("You")
    if event.actor == "client":
        return client or _("An application")
    if event.actor in _OURSELVES:
        return _("This service, by itself")
    return _("The people who run this service")


def _details(event: Recorded, client: str | None) -> list[tuple[str, str]]:
    """Return what an expert, or whoever is called for help, wants to know beside the words."""
    data = event.data
    found = [
        (_("When"), _when(event.at)),
        (_("Reason"), reason_in_words(data.get("reason"))),
        (_("Proved with"), ", ".join(methods_in_words(data.get("amr") or []))),
        (_("Level"), str(data.get("acr") or "")),
        (_("Application"), client or ""),
        (_("What it may see"), ", ".join(data.get("scope") or [])),
        (_("Details"), ", ".join(data.get("fields") or [])),
        (_("Session"), (event.sid or "")[:_SHOWN_OF_A_SID]),
        (_("Event"), event.name),
        (_("Reference"), event.reference),
    ]
    return [(label, value) for label, value in found if value]


def _when(instant: datetime) -> str:
    return _("%(when)s (%(zone)s)", when=at_time(instant), zone=zone_shown())
