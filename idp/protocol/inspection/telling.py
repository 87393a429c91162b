"""A finding as facts under names, for JSON and for whoever shows it on a page."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from idp.protocol.inspection.service import Finding
from idp.store.audit_events import Recorded

_NOT_TOLD = ("faults",)
_EVENT = ("at", "name", "actor", "client_id", "address", "reference")


def as_json(finding: Finding) -> dict[str, Any]:
    """Return everything that was found; what is not known of a token is null."""
    said, user, client, grant = finding.said, finding.user, finding.client, finding.grant
    told = {f.name: getattr(said, f.name) for f in fields(said) if f.name not in _NOT_TOLD}
    return _plain(
        {
            "alive": finding.alive,
            "reasons": finding.reasons,
            **told,
            "username": user.username if user is not None else None,
            "client_name": client.metadata.client_name if client is not None else None,
            "current_generation": grant.generation or None if grant is not None else None,
            "offline": grant.offline if grant is not None else None,
            "events": [_event(each) for each in finding.events],
        }
    )


def _event(event: Recorded) -> dict[str, Any]:
    return _plain({name: getattr(event, name) for name in _EVENT} | {"data": event.data})


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in facts.items()
    }
