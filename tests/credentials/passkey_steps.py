"""A person with authenticators, walking through the ceremonies without any page."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from idp.credentials import passkeys
from idp.credentials.ceremonies import Ceremony
from idp.credentials.passkeys import Refused, Shown
from idp.kernel.secrets import digest
from idp.store import users
from idp.store.schema import spent
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey
from tests.credentials.conftest import ALICE, Provider
from tests.support.authenticator import Authenticator

BROWSER = digest("the cookie of a browser")
OTHER_BROWSER = digest("the cookie of another browser")
BOB = replace(ALICE, id="bob-id", username="bob", email="bob@wonderland.example", profile={})


def device(**traits: Any) -> Authenticator:
    """An authenticator in front of the provider of these tests."""
    return Authenticator(**({"origin": "http://localhost:8000"} | traits))


@dataclass
class Person:
    """A user at one browser."""

    provider: Provider
    user: User = ALICE

    def begin_registration(self) -> Ceremony:
        with self.provider.request() as ctx:
            return passkeys.begin_registration(ctx, self.user, BROWSER)

    def finish_registration(
        self, ceremony: Ceremony, answer: str, name: str = "", browser: bytes = BROWSER
    ) -> Passkey | Refused:
        with self.provider.request() as ctx:
            return passkeys.finish_registration(
                ctx, self.user, ceremony.ticket, answer, browser, name=name
            )

    def register(self, key: Authenticator, name: str = "", **lies: Any) -> Passkey | Refused:
        ceremony = self.begin_registration()
        return self.finish_registration(ceremony, key.create(ceremony.options, **lies), name)

    def owns(self, key: Authenticator, name: str = "") -> Passkey:
        made = self.register(key, name)
        assert isinstance(made, Passkey), made
        return made

    def begin_sign_in(self) -> Ceremony:
        with self.provider.request() as ctx:
            return passkeys.begin_sign_in(ctx, BROWSER)

    def finish_sign_in(
        self, ceremony: Ceremony, answer: str, browser: bytes = BROWSER
    ) -> Shown | Refused:
        with self.provider.request() as ctx:
            return passkeys.finish_sign_in(ctx, ceremony.ticket, answer, browser)

    def sign_in(self, key: Authenticator, **lies: Any) -> Shown | Refused:
        ceremony = self.begin_sign_in()
        return self.finish_sign_in(ceremony, key.get(ceremony.options, **lies))

    def begin_factor(self, *, verify: bool = False) -> Ceremony:
        with self.provider.request() as ctx:
            return passkeys.begin_factor(ctx, self.user.id, BROWSER, verify=verify)

    def finish_factor(
        self, ceremony: Ceremony, answer: str, browser: bytes = BROWSER
    ) -> Shown | Refused:
        with self.provider.request() as ctx:
            return passkeys.finish_factor(ctx, self.user.id, ceremony.ticket, answer, browser)

    def factor(self, key: Authenticator, *, verify: bool = False, **lies: Any) -> Shown | Refused:
        ceremony = self.begin_factor(verify=verify)
        return self.finish_factor(ceremony, key.get(ceremony.options, **lies))

    def passkeys(self) -> list[Passkey]:
        with self.provider.request() as ctx:
            return passkeys.list_for(ctx, self.user.id)


def bob(provider: Provider) -> Person:
    """A second user of the same provider."""
    with provider.request() as ctx:
        users.add(ctx.db, BOB)
    return Person(provider, BOB)


def burnt(provider: Provider) -> int:
    """How many challenges were answered."""
    with provider.request() as ctx:
        return len(ctx.db.read(select(spent.c.key)).all())


def names_of_events(provider: Provider) -> list[str]:
    return [name for name, _ in provider.events()]
