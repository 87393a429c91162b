"""`idp token inspect`: what a token is, whether it is good, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from idp.cli.answers import answer, at, json_option, pairs, table
from idp.cli.house import command
from idp.cli.token_reading import token_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.protocol.inspection.service import Finding
    from idp.store.audit_events import Recorded


@click.command()
@click.argument("token", required=False)
@json_option
def inspect(token: str | None, *, as_json: bool) -> None:
    """Explain a token: code, refresh, access or ID token, or a session's cookie.

    Without TOKEN it is asked for, or read from standard input (also `-`): what stands on a command
    line is read by others. Nothing is changed, and a refresh token is not used up.
    """
    from idp.protocol.inspection import service
    from idp.protocol.inspection.telling import as_json as told

    shown = token_of(token)
    with command() as ctx:
        found = service.inspect(ctx, shown)
    answer(told(found), _in_words(found), as_json=as_json)


def _in_words(found: Finding) -> str:
    from idp.protocol.inspection.words import KINDS, in_words

    said, user, client, grant = found.said, found.user, found.client, found.grant
    facts = pairs(
        [
            ("This is", f"{KINDS[said.kind]}{f' ({said.form})' if said.form else ''}"),
            ("State", "alive" if found.alive else "dead"),
            *(("Because", in_words(reason)) for reason in found.reasons),
            ("Verified", "" if said.verified else "no"),
            ("User", _named(user.username if user else None, said.user_id)),
            ("Client", _named(client.metadata.client_name if client else None, said.client_id)),
            ("Session", said.sid),
            ("Grant", said.grant_id),
            ("Offline", "yes" if grant is not None and grant.offline else ""),
            ("Generation", said.generation),
            ("Token id", said.jti),
            ("Key", said.kid),
            ("Bound to", said.jkt),
            ("Scope", said.scope),
            ("Audience", said.audience),
            ("Issued", at(said.issued_at)),
            ("Expires", at(said.expires_at)),
        ]
    )
    return f"{facts}\n\n{_history(found.events)}" if found.events else facts


def _named(name: str | None, identifier: str | None) -> str:
    return f"{name} ({identifier})" if name and identifier else identifier or ""


def _detail(data: dict[str, Any]) -> str:
    """Return what tells one event from the next of its kind."""
    if "presented" in data:
        return f"{data['presented']} was shown, {data['generation']} was current"
    from idp.protocol.inspection.words import in_words

    return in_words(str(data.get("reason") or "")) or str(data.get("generation") or "")


def _history(events: Iterable[Recorded]) -> str:
    return table(
        ("AT", "EVENT", "BY", "ADDRESS", "REFERENCE", "DETAIL"),
        (
            (
                at(event.at),
                event.name,
                event.actor,
                event.address or "",
                event.reference,
                _detail(event.data),
            )
            for event in events
        ),
    )
