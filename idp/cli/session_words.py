"""A session's story as text and as JSON; nothing in it is a secret."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from idp.cli.answers import at, pairs, table

if TYPE_CHECKING:
    from datetime import datetime

    from idp.admin.session_desk import Story
    from idp.store.decisions import Recorded
    from idp.store.grants import Grant


_ANSWERS = {"me": "it was me", "not_me": "it was not me"}


def in_words(story: Story, now: datetime) -> str:
    """Return the story for people."""
    parts = [_facts(story, now)]
    if story.decisions:
        parts.append(_decisions(story.decisions))
    if story.grants:
        parts.append(_grants(story.grants))
    if story.told:
        parts.append(_told(story))
    return "\n\n".join(parts)


def as_json(story: Story, now: datetime) -> dict[str, Any]:
    """Return the story for programs."""
    from dataclasses import asdict

    from idp.admin.session_state import end_of, state_of

    session, device = story.past.session, story.device
    return {
        **asdict(session),
        "username": story.user.username,
        "groups": story.user.groups,
        "state": state_of(story.past, now),
        "ended_at": story.past.ended_at,
        "end_reason": end_of(story.past, now),
        "device": None if device is None else asdict(device),
        "decisions": [_decision_json(each) for each in story.decisions],
        "grants": [_grant_json(each) for each in story.grants],
        "told": [asdict(each) for each in story.told],
    }


def _facts(story: Story, now: datetime) -> str:
    from idp.account.method_words import methods_in_words
    from idp.admin.session_state import end_of, state_of
    from idp.web.device_words import describe
    from idp.web.end_words import end_in_words

    session, user = story.past.session, story.user
    over = end_of(story.past, now)
    moved = (session.seen_address, session.seen_user_agent) not in (
        (session.address, session.user_agent),
        ("", ""),
    )
    return pairs(
        [
            ("Session", session.sid),
            ("User", f"{user.username} ({user.id})"),
            ("Groups", ", ".join(user.groups)),
            ("State", state_of(story.past, now)),
            ("Because", end_in_words(over) if over else ""),
            ("Ended", at(story.past.ended_at)),
            ("Challenged", at(session.challenged_at)),
            ("By rule", _rule(session.challenge or "")),
            ("Opened", at(session.opened_at)),
            ("For", session.client_id),
            ("Proved", at(session.authenticated_at)),
            ("Level", session.acr),
            ("Shown", ", ".join(methods_in_words(session.amr))),
            ("Where", f"{session.address} {describe(session.user_agent)}".strip()),
            ("Now", f"{session.seen_address} {describe(session.seen_user_agent)}" if moved else ""),
            ("Since", at(session.seen_at) if moved else ""),
            ("Before", session.before_address),
            ("Device", _device(story, now)),
            ("Risk", session.risk),
            ("Last seen", at(session.last_seen_at)),
            ("Ends unused", f"{at(session.idle_until)}, after {_span(session.idle_seconds)}"),
            ("Ends anyway", at(session.absolute_until)),
            ("Limited by", _rule(session.limited_by) or "the defaults"),
            ("Policy", session.policy_version),
            ("Decision", session.decision_id),
        ]
    )


def _rule(name: str) -> str:
    """Return a rule of the policy by its name, with what its user reads of it."""
    from idp.web.policy_words import why

    words = why(name)
    return name if words == name else f"{name} (“{words}”)"


def _device(story: Story, now: datetime) -> str:
    if story.past.session.device_id is None:
        return "none: the browser keeps no cookie of ours"
    if story.device is None:
        return "forgotten since"
    until = story.device.trusted_until
    trusted = f", trusted until {at(until)}" if until is not None and until > now else ""
    return f"known since {at(story.device.first_seen_at)}{trusted}"


def _decisions(decisions: tuple[Recorded, ...]) -> str:
    headings = ("DECIDED", "AT", "OUTCOME", "RULE", "RISK", "SCORE", "POLICY", "WHY", "ANSWER")
    return table(
        headings,
        (
            (
                at(each.at),
                each.moment,
                each.outcome,
                each.rule,
                each.level,
                f"{each.score:.2f}",
                each.policy_version,
                "; ".join(reasons_of(each)) or "-",
                _ANSWERS.get(each.answer or "", "-"),
            )
            for each in decisions
        ),
    )


def reasons_of(decision: Recorded) -> list[str]:
    """Return what spoke against it, in the words in which its user reads it."""
    from idp.policy.facts import Contribution
    from idp.web.risk_words import suspicions

    names = Contribution.__dataclass_fields__
    kept = ({k: v for k, v in each.items() if k in names} for each in decision.contributions)
    return suspicions([Contribution(**each) for each in kept])


def _grants(grants: tuple[Grant, ...]) -> str:
    from idp.web.end_words import end_in_words

    return table(
        ("GRANT", "CLIENT", "SINCE", "LAST USED", "SCOPE", "OFFLINE", "STATE"),
        (
            (
                each.id,
                each.client_id,
                at(each.opened_at),
                at(each.refreshed_at or each.code_redeemed_at) or "never",
                list(each.scope),
                "yes" if each.offline else "no",
                f"ended: {end_in_words(each.end_reason)}" if each.end_reason else "open",
            )
            for each in grants
        ),
    )


def _told(story: Story) -> str:
    return table(
        ("TOLD", "KIND", "CLIENT", "STATE", "ATTEMPTS", "WRITTEN", "DONE", "LAST ERROR"),
        (
            (
                each.id,
                each.kind,
                each.client_id or "-",
                each.state,
                each.attempts,
                at(each.created_at),
                at(each.finished_at) or "-",
                each.last_error or "",
            )
            for each in story.told
        ),
    )


def _decision_json(each: Recorded) -> dict[str, Any]:
    from dataclasses import asdict

    # What habits are counted by says nothing to anybody, and how they learn is not this one's.
    kept = asdict(each)
    said = {name: kept[name] for name in kept if name not in ("features", "teaches")}
    return said | {"reasons": reasons_of(each)}


def _grant_json(each: Grant) -> dict[str, Any]:
    names = ("id", "client_id", "scope", "resource", "offline", "opened_at", "refreshed_at")
    more = ("code_redeemed_at", "generation", "idle_until", "ended_at", "end_reason", "dpop_jkt")
    return {name: getattr(each, name) for name in (*names, *more)}


def _span(seconds: float) -> str:
    from idp.cli.spans import span

    return span(timedelta(seconds=seconds))
