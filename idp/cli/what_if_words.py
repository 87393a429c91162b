"""What another policy would change, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idp.cli.answers import pairs, table
from idp.cli.spans import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.admin.what_if import WhatIf
    from idp.policy.what_if import Tally

UNKNOWN = (
    (
        "What people do after a prompt: who is asked more often may give up, set up a passkey or "
        "trust the browser, and is then asked less."
    ),
    (
        "Whether a prompt that falls away would have come for another reason: the client's level, "
        "IDP_SECOND_FACTOR, or a browser that is not trusted."
    ),
    "Sign-ins that a refusal would have prevented still count with all that followed them.",
    (
        "Outside of sign-ins only decisions that asked, refused, ended or changed something are "
        "recorded: what another policy would newly ask of the others at /authorize, at a refresh "
        "or at the account pages is not seen."
    ),
    "A session's life is compared by its limits, not by when it ended.",
)
_COLUMNS = (
    ("DECISIONS", "decisions"),
    ("PROMPTS +", "prompts_added"),
    ("PROMPTS -", "prompts_removed"),
    ("REFUSED +", "refusals_added"),
    ("REFUSED -", "refusals_removed"),
    ("ENDED +", "ends_added"),
    ("ENDED -", "ends_removed"),
    ("SHORTER", "shortened"),
    ("LONGER", "lengthened"),
    ("OUT OF REACH", "out_of_reach"),
)
_COUNTED = (
    *(name for _, name in _COLUMNS),
    "prompts_done",
    "prompts_then",
    "demands_met",
    "sessions",
)


def in_words(found: WhatIf, against: str) -> str:
    """Return the comparison for people; `against` says what it is compared with."""
    counts = found.overall.counts
    head = pairs(
        [
            ("Policy", f"{found.version} against {against}"),
            ("From", f"{found.since:%Y-%m-%d %H:%M}"),
            ("Until", f"{found.until:%Y-%m-%d %H:%M}"),
            ("Decisions", f"{counts['decisions']}{_of_policies(found)}"),
            ("Not readable", str(found.unreadable) if found.unreadable else ""),
        ]
    )
    if not counts["decisions"]:
        return f"{head}\n\nNothing was decided that could be compared."
    parts = [head, _changes(found.overall)]
    parts += [_by(name, found.by[name]) for name in ("group", "client", "level", "moment", "rule")]
    if found.hardest:
        rows = ((each.username, each.tally) for each in found.hardest)
        parts.append(_rows("HIT HARDEST", rows))
    parts.append("What this cannot know:\n" + "\n".join(f"- {each}" for each in UNKNOWN))
    return "\n\n".join(parts)


def as_json(found: WhatIf, against: str) -> dict[str, Any]:
    """Return the comparison for programs."""
    return {
        "version": found.version,
        "against": against,
        "since": found.since,
        "until": found.until,
        "policies": dict(found.policies),
        "unreadable": found.unreadable,
        "overall": _tally(found.overall),
        "by": {
            name: {value: _tally(tally) for value, tally in sorted(tallies.items())}
            for name, tallies in found.by.items()
        },
        "hardest": [{"username": each.username, **_tally(each.tally)} for each in found.hardest],
        "not_known": list(UNKNOWN),
    }


def _of_policies(found: WhatIf) -> str:
    said = (f"{count} by {version}" for version, count in found.policies.most_common(3))
    more = ", …" if len(found.policies) > 3 else ""
    return f" ({', '.join(said)}{more})" if found.policies else ""


def _changes(tally: Tally) -> str:
    counts = tally.counts
    lines = [
        (
            "Prompts",
            (
                f"{counts['prompts_then']} instead of {counts['prompts_done']}: "
                f"{counts['prompts_added']} added, {counts['prompts_removed']} removed, "
                f"{counts['demands_met']} for what was shown anyway"
            ),
        ),
        (
            "Refusals",
            f"{counts['refusals_added']} added, {counts['refusals_removed']} removed",
        ),
        (
            "Sessions ended",
            f"{counts['ends_added']} added, {counts['ends_removed']} removed",
        ),
        (
            "Out of reach",
            f"{counts['out_of_reach']} would have to set up a factor first, or be refused",
        ),
        (
            "Sessions",
            (
                f"{counts['sessions']} opened or proved anew: {counts['shortened']} would be "
                f"shorter, {counts['lengthened']} longer"
            ),
        ),
    ]
    for name, words in (
        ("idle_shorter", "Idle limit shorter"),
        ("idle_longer", "Idle limit longer"),
        ("absolute_shorter", "Absolute limit shorter"),
        ("absolute_longer", "Absolute limit longer"),
    ):
        if (moved := tally.moved.get(name)) is not None:
            by = f"by {span(moved.mean)} in the mean, {span(moved.most)} at most"
            lines.append((words, f"{moved.count}, {by}"))
    return pairs(lines)


def _by(name: str, tallies: dict[str, Tally]) -> str:
    order = sorted(tallies.items(), key=lambda each: (-each[1].counts["decisions"], each[0]))
    return _rows(name.upper(), order[:20])


def _rows(heading: str, tallies: Iterable[tuple[str, Tally]]) -> str:
    return table(
        (heading, *(words for words, _ in _COLUMNS)),
        ((value, *(tally.counts[name] for _, name in _COLUMNS)) for value, tally in tallies),
    )


def _tally(tally: Tally) -> dict[str, Any]:
    moved = {
        name: {
            "count": each.count,
            "mean_seconds": each.mean.total_seconds(),
            "most_seconds": each.most.total_seconds(),
        }
        for name, each in sorted(tally.moved.items())
    }
    return {**{name: tally.counts[name] for name in _COUNTED}, "moved": moved}
