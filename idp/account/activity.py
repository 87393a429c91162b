"""The audit log of one user as lines that a person can read."""

from idp.account.activity_words import NOT_YOURS, in_words, reason_in_words
from idp.account.devices import client_name
from idp.account.method_words import methods_in_words
from idp.context import RequestContext
from idp.store.audit_events import Recorded
from idp.web.device_words import describe
from idp.web.words import at_time, clock_time, on_day, zone_shown
from idp.web.words import gettext as _

Line = dict[str, object]
_SHOWN_OF_A_SID = 8
_OURSELVES = ("worker", "server")


def lines_of(ctx: RequestContext, events: list[Recorded], here: str) -> list[dict[str, object]]:
    """Return the events by day, each with who did it, from where and why."""
    days: list[dict[str, object]] = []
    lines: list[Line] = []
    for event in events:
        day = on_day(event.at)
        if not days or days[-1]["day"] != day:
            lines = []
            days.append({"day": day, "lines": lines})
        lines.append(_line(ctx, event, here))
    return days


def _line(ctx: RequestContext, event: Recorded, here: str) -> Line:
    client = client_name(ctx, event.client_id) if event.client_id else None
    words = in_words(event.name, event.data, client)
    # What an application does happens on its own computer, not in the browser.
    by_browser = event.actor == "user"
    return {
        "time": clock_time(event.at),
        "text": words.text,
        "worrying": words.worrying,
        "quiet": words.quiet,
        "device": describe(event.user_agent) if event.user_agent and by_browser else None,
        "here": event.sid == here and by_browser,
        "address": event.address,
        "who": _who(event, client),
        "details": _details(event, client),
    }


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
        (_("When"), _("%(when)s (%(zone)s)", when=at_time(event.at), zone=zone_shown())),
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
