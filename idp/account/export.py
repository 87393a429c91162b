"""A copy of everything that is kept about a user, without a secret in it (GDPR Art. 15, 20)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from idp.account.activity_words import ROUTINE
from idp.audit import record
from idp.audit.account_events import AccountExported
from idp.context import RequestContext
from idp.credentials import passkeys, recovery, totp
from idp.store import audit_events, consents, decisions, grants, known_devices, passwords, sessions
from idp.store.decisions import Recorded
from idp.store.sessions import Past
from idp.store.users import User

# More than a person makes in years; beyond, the oldest are left out and the copy says so.
MOST = 10_000


def export(ctx: RequestContext, user: User) -> dict[str, Any]:
    """Return the copy as JSON would have it, and note that it was taken."""
    record(ctx, AccountExported(user_id=user.id))
    # How often an application refreshed says nothing of the person, and would crowd out what does.
    activity = audit_events.list_of_user(ctx.db, user.id, MOST + 1, without=ROUTINE)
    return {
        "service": ctx.settings.display_name,
        "issuer": ctx.settings.issuer,
        "exported_at": _written(ctx.now),
        "account": _account(user),
        "authenticators": _authenticators(ctx, user.id),
        "sessions": [_session(each) for each in sessions.list_of_user(ctx.db, user.id, MOST)],
        "browsers": [
            _written(
                {
                    "user_agent": each.user_agent,
                    "first_seen_at": each.first_seen_at,
                    "last_seen_at": each.last_seen_at,
                    "trusted_until": each.trusted_until,
                    "confirmed_at": each.confirmed_at,
                }
            )
            for each in known_devices.list_of_user(ctx.db, user.id)
        ],
        "applications": [
            _written(
                {
                    "client_id": each.client_id,
                    "scope": each.scope,
                    "claims": each.claims,
                    "granted_at": each.granted_at,
                }
            )
            for each in consents.list_of_user(ctx.db, user.id)
        ],
        "application_use": [_written(asdict(use)) for use in grants.list_uses(ctx.db, user.id)],
        "decisions": [_decision(each) for each in decisions.list_of_user(ctx.db, user.id, MOST)],
        "activity": [
            {name: value for name, value in _written(asdict(each)).items() if name != "id"}
            for each in activity[:MOST]
        ],
        "activity_is_complete": len(activity) <= MOST,
    }


def _account(user: User) -> dict[str, Any]:
    known = asdict(user)
    return {"sub": known.pop("id"), **_written(known)}


def _authenticators(ctx: RequestContext, user_id: str) -> dict[str, Any]:
    password = passwords.find(ctx.db, user_id)
    keys = ("id", "name", "aaguid", "transports", "backup_eligible", "backed_up", "hardware")
    times = ("created_at", "last_used_at")
    return {
        "password": {"changed_at": _written(password.changed_at)} if password else None,
        "passkeys": [
            {name: _written(getattr(each, name)) for name in (*keys, *times, "suspected_at")}
            for each in passkeys.list_for(ctx, user_id)
        ],
        "authenticator_apps": [
            {name: _written(getattr(each, name)) for name in ("id", "name", *times)}
            for each in totp.list_for(ctx, user_id)
        ],
        "recovery_codes_left": recovery.remaining(ctx, user_id),
    }


def _decision(decision: Recorded) -> dict[str, Any]:
    known = asdict(decision)
    # What the cookie of a browser begins with; and how all users' habits are counted.
    del known["device_id"], known["teaches"]
    return dict(_written(known | {"unfinished": decision.unfinished}))


def _session(past: Past) -> dict[str, Any]:
    known = asdict(past.session)
    # What the cookie of a browser begins with is no business of a file.
    known.pop("device_id")
    return dict(_written(known | {"ended_at": past.ended_at, "end_reason": past.end_reason}))


def _written(value: Any) -> Any:
    """Return a value as JSON can have it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _written(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    return value
