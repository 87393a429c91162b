"""`idp policy explain`: what today's policy says of a session, rule by rule."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, json_option, pairs
from idp.cli.house import command
from idp.cli.spans import span

if TYPE_CHECKING:
    from idp.policy.explained import Explained, Reading, Unmet
    from idp.store.sessions import Session

_APPLIES = {
    "yes": "applies",
    "if_calmer": "applies to calmer ones, so it counts here too",
    "no": "does not apply",
}


@click.command()
@click.option("--session", "sid", required=True, metavar="SID", help="As `idp session list` says.")
@json_option
def explain(*, sid: str, as_json: bool) -> None:
    """Say what today's policy makes of a session: which rules apply, and which set each limit.

    The session is taken as it was seen last. Its own limits are those of when it was judged; they
    follow a changed policy at its next use.
    """
    from idp.admin import session_desk
    from idp.admin.session_policy import explanation_of

    with command() as ctx:
        story = session_desk.story_of(ctx, sid)
        found = explanation_of(ctx, story)
    session = story.past.session
    answer(_as_json(found, session), _in_words(found, session), as_json=as_json)


def _in_words(found: Explained, session: Session) -> str:
    judgement = found.judgement
    limits = judgement.limits
    by = dict(judgement.limited_by)
    parts = [
        pairs(
            [
                ("Session", session.sid),
                ("Judged by", session.policy_version),
                ("Policy now", found.policy.version),
                *((name, _value(value)) for name, value in _facts(found)),
            ]
        ),
        pairs(
            [
                ("Outcome", f"{judgement.outcome.value} (by {judgement.rule})"),
                ("Level", f"{judgement.acr} is asked for" if judgement.acr else ""),
                *(
                    (each.name, _by(_limit(getattr(limits, each.name)), by.get(each.name)))
                    for each in fields(limits)
                ),
            ]
        ),
        *(_rule(number, each) for number, each in enumerate(found.readings, 1)),
    ]
    return "\n\n".join(parts)


def _facts(found: Explained) -> list[tuple[str, object]]:
    left_out = ("moment", "changes", "proof_age")
    names = [each.name for each in fields(found.facts) if each.name not in left_out]
    return [(name, getattr(found.facts, name)) for name in names]


def _rule(number: int, each: Reading) -> str:
    says = ", ".join(f"{name} = {_value(value)}" for name, value in each.says.items())
    lines = [
        f"{number:>3}. {each.rule.name}: {_APPLIES[each.applies.value]}",
        *(f"     {_unmet(one)}" for one in each.unmet),
        f"     says {says}",
        f"     decided {', '.join(each.decided)}" if each.decided else "",
    ]
    return "\n".join(line for line in lines if line)


def _unmet(one: Unmet) -> str:
    found = "none" if one.found == frozenset() else _value(one.found) or "unknown"
    return f"wants {one.name} = {_value(one.wanted)}, and it is {found}"


def _by(value: str, rule: str | None) -> str:
    return f"{value} (by {rule})" if rule else value


def _limit(value: object) -> str:
    """Return a limit; where nothing lasts, that it does not."""
    if isinstance(value, timedelta):
        return span(value) if value else "not at all"
    return "as many as they like" if value == 0 else _value(value)


def _value(value: object) -> str:
    from idp.policy.book import Share
    from idp.policy.durations import in_short
    from idp.policy.terms import RiskLevel

    if isinstance(value, timedelta | Share):
        return in_short(value)
    if isinstance(value, RiskLevel):
        return value.word
    if isinstance(value, frozenset):
        return "|".join(_value(each) for each in sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _as_json(found: Explained, session: Session) -> dict[str, Any]:
    from idp.policy.on_record import facts_as_json, terms_as_json

    return {
        "sid": session.sid,
        "judged_by": session.policy_version,
        "policy": found.policy.version,
        "facts": facts_as_json(found.facts),
        "outcome": found.judgement.outcome.value,
        "rule": found.judgement.rule,
        "limits": terms_as_json(found.judgement),
        "rules": [
            {
                "name": each.rule.name,
                "applies": each.applies.value,
                "unmet": [
                    {"condition": one.name, "wanted": _value(one.wanted), "is": _value(one.found)}
                    for one in each.unmet
                ],
                "says": {name: _value(value) for name, value in each.says.items()},
                "decided": each.decided,
            }
            for each in found.readings
        ],
        "by_bounds": found.by_bounds,
        "by_defaults": found.by_defaults,
    }
