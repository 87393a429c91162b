"""`idp policy explain`: what today's policy says of a session, rule by rule, and of a sign-in."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, json_option, pairs
from idp.cli.house import command
from idp.cli.spans import span

if TYPE_CHECKING:
    from idp.admin.session_desk import Story
    from idp.admin.session_policy import Explanation
    from idp.policy.explained import Explained, Reading, Unmet

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

    It is judged as it was opened, with what it has shown and risked since; its own limits follow a
    changed policy at its next use. And what a sign-in would meet now: same user, browser and place.
    """
    from idp.admin import session_desk
    from idp.admin.session_policy import explanation_of
    from idp.admin.session_state import state_of

    with command() as ctx:
        story = session_desk.story_of(ctx, sid)
        found = explanation_of(ctx, story)
        state = state_of(story.past, ctx.now)
    answer(_as_json(found, story, state), _in_words(found, story, state), as_json=as_json)


def _in_words(found: Explanation, story: Story, state: str) -> str:
    session, holds, opening = story.past.session, found.holds, found.opening
    judgement = holds.judgement
    limits = judgement.limits
    by = dict(judgement.limited_by)
    parts = [
        pairs(
            [
                ("Session", session.sid),
                ("User", story.user.username),
                ("State", state),
                ("Stopped by", session.challenge),
                ("Judged by", session.policy_version),
                ("Policy now", holds.policy.version),
                *((name, _value(value)) for name, value in _facts(holds)),
            ]
        ),
        pairs(
            [
                ("It was opened by", _by(opening.outcome, opening.rule) if opening else ""),
                ("Today it would be by", _by(judgement.outcome.value, judgement.rule)),
                ("A sign-in now meets", _by(found.sign_in.outcome.value, found.sign_in.rule)),
                ("Level", f"{judgement.acr} is asked for" if judgement.acr else ""),
                *(
                    (each.name, _by(_limit(getattr(limits, each.name)), by.get(each.name)))
                    for each in fields(limits)
                ),
            ]
        ),
        *(_rule(number, each) for number, each in enumerate(holds.readings, 1)),
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


def _as_json(found: Explanation, story: Story, state: str) -> dict[str, Any]:
    from idp.policy.on_record import facts_as_json, terms_as_json

    session, holds, opening, sign_in = story.past.session, found.holds, found.opening, found.sign_in
    return {
        "sid": session.sid,
        "state": state,
        "judged_by": session.policy_version,
        "policy": holds.policy.version,
        "facts": facts_as_json(holds.facts),
        "opened_by": {"outcome": opening.outcome, "rule": opening.rule} if opening else None,
        "outcome": holds.judgement.outcome.value,
        "rule": holds.judgement.rule,
        "sign_in_now": {"outcome": sign_in.outcome.value, "rule": sign_in.rule},
        "limits": terms_as_json(holds.judgement),
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
            for each in holds.readings
        ],
        "by_bounds": holds.by_bounds,
        "by_defaults": holds.by_defaults,
    }
