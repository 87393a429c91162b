"""`idp insight`: sign-ins, prompts, sessions and answers, in figures."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, json_option, pairs, table
from idp.cli.house import command
from idp.cli.spans import Span, span

if TYPE_CHECKING:
    from idp.admin.insight import Insight


@click.command()
@click.option("--since", type=Span(), default="7d", show_default=True, help="How far back.")
@json_option
def insight(*, since: timedelta, as_json: bool) -> None:
    """Count sign-ins, prompts, step-ups and their answers, how long sessions live, and who is in.

    It names nobody. Days are in UTC; decisions are kept for IDP_HISTORY_KEPT_FOR. A prompt counts
    as soon as it asks; it is given up when nobody goes on from it in a quarter of an hour.
    """
    from idp.admin.insight import insight as figures

    with command() as ctx:
        found = figures(ctx, ctx.now - since)
    answer(_as_json(found), _in_words(found), as_json=as_json)


def _as_json(found: Insight) -> dict[str, Any]:
    from dataclasses import asdict

    false = found.alarms.false_share
    return {**asdict(found), "false_alarms": {**asdict(found.alarms), "share": false}}


def _in_words(found: Insight) -> str:
    parts = [_days(found), _lengths(found), _prompts(found), _second_factor(found), _alive(found)]
    return "\n\n".join(part for part in parts if part)


def _days(found: Insight) -> str:
    counted = ("sign_ins", "failures", "refusals", "prompts", "given_up", "step_ups", "ended")
    names = (*counted, "low", "elevated", "high")
    headings = ("DAY", *(name.upper().replace("_", "-") for name in names))
    rows = [(each.day, *(getattr(each, name) for name in names)) for each in found.days]
    return table(headings, rows) if rows else "Nobody signed in, and nobody failed to."


def _lengths(found: Insight) -> str:
    from idp.web.end_words import end_in_words

    if not found.lengths:
        return ""
    return table(
        ("SESSIONS ENDED BECAUSE", "COUNT", "MEDIAN", "9 OF 10 WITHIN"),
        (
            (
                end_in_words(each.reason),
                each.count,
                span(timedelta(seconds=each.median)),
                span(timedelta(seconds=each.p90)),
            )
            for each in found.lengths
        ),
    )


def _prompts(found: Insight) -> str:
    from idp.admin.insight import per_week

    alarms, weeks = found.alarms, found.prompts_per_week
    share = alarms.false_share
    told = "nobody answered" if share is None else f"{share:.0%} of those answered"
    asked = sum(each.prompts for each in found.days)
    given_up = sum(each.given_up for each in found.days)
    return pairs(
        [
            ("Weeks of users", str(sum(weeks.values()))),
            ("Prompts in a week: half have", per_week(weeks, 0.5)),
            ("19 of 20 have at most", per_week(weeks, 0.95)),
            ("Given up at a sign-in", f"{given_up} of {asked} prompts" if asked else ""),
            ("Prompts answered “it was me”", str(alarms.me)),
            ("Prompts answered “not me”", str(alarms.not_me)),
            ("False alarms", told),
        ]
    )


def _second_factor(found: Insight) -> str:
    users, weak = Counter[str](), Counter[str]()
    for each in found.strengths:
        for group in each.groups or ("(no group)",):
            users[group] += each.users
            weak[group] += each.weak
    rows = [(group, users[group], weak[group]) for group in sorted(users)]
    return table(("GROUP", "USERS", "WITHOUT SECOND FACTOR"), rows) if rows else ""


def _alive(found: Insight) -> str:
    parts = [
        table(
            ("LIVE SESSIONS: RISK", "LEVEL", "STATE", "COUNT"),
            (
                (each.risk, each.acr, "challenged" if each.challenged else "live", each.count)
                for each in found.alive
            ),
        )
        if found.alive
        else "Nobody is signed in."
    ]
    if found.alive_by_client:
        parts.append(table(("CLIENT", "LIVE SESSIONS"), found.alive_by_client.items()))
    if any(found.alive_by_country):
        rows = ((name or "unknown", count) for name, count in found.alive_by_country.items())
        parts.append(table(("COUNTRY", "LIVE SESSIONS"), rows))
    return "\n\n".join(parts)
