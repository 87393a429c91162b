"""Rows of decisions, sessions and grants as a while of use leaves them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from idp.kernel.secrets import digest, new_id
from idp.policy.facts import Facts
from idp.policy.on_record import facts_as_json
from idp.policy.terms import Moment
from idp.store.database import Transaction
from idp.store.decisions import Recorded
from idp.store.schema import decisions, sessions

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36"
)
LIMITS = {"idle": 3600.0, "absolute": 43200.0, "reauthentication": 900.0, "trusted_device": 0.0}


def a_decision(user_id: str, at: datetime, **traits: Any) -> Recorded:
    """A sign-in that nothing was to be said about."""
    facts = traits.pop("facts", Facts(moment=Moment(traits.get("moment", "sign_in"))))
    kept = facts_as_json(facts) if isinstance(facts, Facts) else facts
    usual: dict[str, Any] = {
        "id": new_id(),
        "at": at,
        "moment": facts.moment.value if isinstance(facts, Facts) else "sign_in",
        "outcome": "allow",
        "rule": "default",
        "policy_version": "v1",
        "level": facts.risk.word if isinstance(facts, Facts) else "low",
        "score": 0.0,
        "user_id": user_id,
        "address": "198.51.100.7",
        "user_agent": CHROME,
        "limits": LIMITS,
    }
    return Recorded(**(usual | traits), facts=kept)


def add_decisions(db: Transaction, rows: list[Recorded]) -> None:
    """Insert many."""
    names = Recorded.__dataclass_fields__
    db.write_all(insert(decisions), [{n: getattr(row, n) for n in names} for row in rows])


def a_session(user_id: str, at: datetime, **traits: Any) -> dict[str, Any]:
    """A session that was opened then, as its row."""
    sid = traits.get("sid", new_id())
    usual: dict[str, Any] = {
        "sid": sid,
        "secret_hash": digest(sid),
        "user_id": user_id,
        "opened_at": at,
        "authenticated_at": at,
        "last_seen_at": at,
        "idle_seconds": 3600,
        "idle_until": at + timedelta(hours=1),
        "absolute_until": at + timedelta(hours=12),
        "acr": "sfa",
        "amr": ["pwd"],
        "address": "198.51.100.7",
        "user_agent": CHROME,
    }
    return usual | traits


def add_sessions(db: Transaction, rows: list[dict[str, Any]]) -> None:
    """Insert many; all of them say the same columns."""
    db.write_all(insert(sessions), rows)
