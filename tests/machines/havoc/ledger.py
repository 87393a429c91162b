"""What the rows say against what the audit log says: each change has one record, and back (I7)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, select

from idp.store.schema import grants, revoked_tokens, sessions, signing_keys, users
from tests.app import Provider

_GRANT = ("grant.opened", "grant.redeemed", "grant.ended")
_SESSION = ("session.opened", "session.ended")
_KEY = ("key.made", "key.activated", "key.retired")


class Ledger:
    """Rows and records, read in one go while nobody writes."""

    def __init__(self, provider: Provider) -> None:
        self.events = provider.audit()
        with provider.context() as ctx:
            self.grants = _rows(ctx, grants, "id")
            self.sessions = _rows(ctx, sessions, "sid")
            self.revoked = _rows(ctx, revoked_tokens, "jti")
            self.keys = _rows(ctx, signing_keys, "kid")
            self.users = _rows(ctx, users, "id")

    def count(self, names: tuple[str, ...], identify: Any) -> Counter[tuple[str, str]]:
        """Count the events of these names by name and object."""
        return Counter((e.name, identify(e)) for e in self.events if e.name in names)

    def of_grants(self, *names: str) -> Counter[tuple[str, str]]:
        """Count events by name and grant."""
        return self.count(names, lambda e: e.data["grant_id"])

    def faults(self) -> list[str]:
        """Return every row without its one record, and every record without its row."""
        return [
            *self._unlike(
                self.of_grants(*_GRANT),
                {
                    "grant.opened": dict.fromkeys(self.grants, 1),
                    "grant.redeemed": _set(self.grants, "code_redeemed_at"),
                    "grant.ended": _set(self.grants, "ended_at"),
                },
            ),
            *self._unlike(
                self.count(_SESSION, lambda e: e.sid),
                {
                    "session.opened": dict.fromkeys(self.sessions, 1),
                    "session.ended": _set(self.sessions, "ended_at"),
                },
            ),
            *self._of_families(),
            *self._of_revoked_tokens(),
            *self._of_keys(),
            *self._of_reasons(),
            *self._of_users(),
        ]

    def _unlike(
        self, recorded: Counter[tuple[str, str]], rows: dict[str, dict[str, int]]
    ) -> Iterator[str]:
        expected = Counter({(name, id_): n for name, of in rows.items() for id_, n in of.items()})
        for key in sorted(recorded.keys() | expected.keys()):
            if recorded[key] != expected[key]:
                yield f"{key[0]} of {key[1]}: {recorded[key]} records, {expected[key]} changes"

    def _of_families(self) -> Iterator[str]:
        recorded = self.of_grants("refresh_token.rotated", "refresh_token.reused")
        again = Counter(
            (e.data["grant_id"], e.data["generation"])
            for e in self.events
            if e.name == "refresh_token.retried"
        )
        for id_, row in self.grants.items():
            rotated = recorded["refresh_token.rotated", id_]
            if rotated != max(0, row.generation - 1):
                yield f"grant {id_}: {rotated} rotations recorded, generation {row.generation}"
            if again[id_, row.generation] != row.retries:
                yield f"grant {id_}: {again[id_, row.generation]} retries, the row: {row.retries}"
            reused = row.end_reason == "refresh_token_reused"
            if recorded["refresh_token.reused", id_] != reused:
                yield f"grant {id_}: a reuse recorded, the row: {row.end_reason}"

    def _of_revoked_tokens(self) -> Iterator[str]:
        recorded = self.count(("access_token.revoked",), lambda e: e.data["jti"])
        yield from self._unlike(recorded, {"access_token.revoked": dict.fromkeys(self.revoked, 1)})

    def _of_keys(self) -> Iterator[str]:
        recorded = self.count(_KEY, lambda e: e.data["kid"])
        # Those that a test put there itself have no record of their making.
        made = {kid: row for kid, row in self.keys.items() if recorded["key.made", kid]}
        theirs = {kid: row for kid, row in self.keys.items() if kid not in made}
        put = {kid for kid in theirs if not recorded["key.activated", kid]}
        activated = _set(self.keys, "activated_at")
        yield from self._unlike(
            recorded,
            {
                "key.made": dict.fromkeys(made, 1),
                "key.activated": {kid: 1 for kid in activated if kid not in put},
                "key.retired": _set(self.keys, "retired_at"),
            },
        )

    def _of_reasons(self) -> Iterator[str]:
        for event in self.events:
            if event.name not in ("grant.ended", "session.ended"):
                continue
            of, id_ = (
                (self.grants, event.data.get("grant_id"))
                if event.name == "grant.ended"
                else (
                    self.sessions,
                    event.sid,
                )
            )
            row = of.get(id_)
            if row is not None and row.end_reason != event.data["reason"]:
                yield f"{event.name} of {id_}: {event.data['reason']}, the row: {row.end_reason}"

    def _of_users(self) -> Iterator[str]:
        last: dict[str, str] = {}
        for event in self.events:
            if event.name in ("user.disabled", "user.enabled"):
                if last.get(event.user_id, "user.enabled") == event.name:
                    yield f"{event.name} of {event.user_id} twice"
                last[event.user_id] = event.name
        for id_, row in self.users.items():
            if (row.disabled_at is not None) != (last.get(id_) == "user.disabled"):
                yield f"user {id_}: disabled_at {row.disabled_at}, the last record: {last.get(id_)}"


def _rows(ctx: Any, table: Table, key: str) -> dict[str, Any]:
    return {getattr(row, key): row for row in ctx.db.read(select(table))}


def _set(rows: dict[str, Any], column: str) -> dict[str, int]:
    return {id_: 1 for id_, row in rows.items() if getattr(row, column) is not None}


def faults_of(provider: Provider) -> list[str]:
    """Return what rows and audit log disagree about."""
    return Ledger(provider).faults()
