"""Who is signed in to the demo's applications: kept here, for it does not fit into a cookie."""

import secrets
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

    def find(self, session: MutableMapping[str, Any], application: str) -> SignedIn | None:
        """Return who is signed in to an application with this browser."""
        return self._people.get((session.get("browser", ""), application))

    def keep(self, session: MutableMapping[str, Any], application: str, person: SignedIn) -> None:
        """Remember a person; the oldest are forgotten when there are too many."""
        browser = session.setdefault("browser", secrets.token_urlsafe())
        self._people[(browser, application)] = person
        while len(self._people) > MOST:
            self._people.popitem(last=False)

    def forget(self, session: MutableMapping[str, Any], application: str) -> SignedIn | None:
        """Forget a person; return who it was."""
        return self._people.pop((session.get("browser", ""), application), None)
