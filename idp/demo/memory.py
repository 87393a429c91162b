"""Who is signed in to the demo's applications: kept here, for it does not fit into a cookie."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOST = 1000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What an application was told about a person, and what it asks again with."""

    id_token: str
    claims: dict[str, Any]
    userinfo: dict[str, Any]
    refresh_token: str = ""

    @property
    def proved_at(self) -> str:
        """Return when the person last proved who they are, as people write it."""
        instant = datetime.fromtimestamp(self.claims["auth_time"], UTC)
        return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


class Memory:
    """People by browser and application; the browser keeps a random key."""

    def __init__(self) -> None:
        self._people: OrderedDict[tuple[str, str], SignedIn] = OrderedDict()
        self._ended: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, session: MutableMapping[str, Any], application: str) -> SignedIn | None:
        """Return who is signed in to an application with this browser."""
        return self._people.get((session.get("browser", ""), application))

    def keep(self, session: MutableMapping[str, Any], application: str, person: SignedIn) -> None:
        """Remember a person; the oldest are forgotten when there are too many."""
        browser = session.setdefault("browser", secrets.token_urlsafe())
        with self._lock:
            self._people[(browser, application)] = person
            self._ended.pop((browser, application), None)
            while len(self._people) > MOST:
                self._people.popitem(last=False)

    def forget(self, session: MutableMapping[str, Any], application: str) -> SignedIn | None:
        """Forget a person; return who it was."""
        with self._lock:
            return self._people.pop((session.get("browser", ""), application), None)

    def end(self, application: str, *, sid: str | None, sub: str | None) -> int:
        """Forget whoever is in this session, or without one this person; return how many."""
        wanted, value = ("sid", sid) if sid is not None else ("sub", sub)
        with self._lock:
            over = [
                key
                for key, person in self._people.items()
                if key[1] == application and person.claims.get(wanted) == value
            ]
            for key in over:
                del self._people[key]
                self._ended[key] = None
            while len(self._ended) > MOST:
                self._ended.popitem(last=False)
            return len(over)

    def was_ended(self, session: MutableMapping[str, Any], application: str) -> bool:
        """Tell, once, that the person was signed out elsewhere."""
        key = (session.get("browser", ""), application)
        with self._lock:
            known = key in self._ended
            self._ended.pop(key, None)
            return known
