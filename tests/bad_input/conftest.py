"""One provider for many bad requests: what they leave behind is part of the test."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from idp.store.database import Database
from tests.app import CALLBACK, PASSWORD, Provider, RelyingParty, make_provider
from tests.bad_input.wire import Wire, fields_on
from tests.support import databases

# Every page that can be asked for is there; no mail leaves, for nobody delivers it.
EVERYTHING = {
    "smtp_url": "smtp://127.0.0.1:9",
    "mail_from": "id@example.test",
    "self_registration": True,
}


@dataclass
class Target:
    """A provider, a client of it, a stranger's browser and one that is signed in."""

    provider: Provider
    rp: RelyingParty
    public: RelyingParty

    @property
    def client_id(self) -> str:
        return self.rp.client_id

    def stranger(self) -> Wire:
        """A browser of nobody, at an address that nobody has guessed from."""
        address = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
        return Wire(self.provider.app, address=address)

    def signed_in(self, username: str | None = None) -> Wire:
        """A browser with a session: of a person of its own, unless a name is given."""
        wire = self.stranger()
        if username is None:
            username = f"person-{secrets.token_hex(4)}"
            self.provider.add_user(username)
        page = wire.follow(wire.get("/account"))
        fields = fields_on(page) | {"identifier": username, "password": PASSWORD}
        answer = wire.follow(wire.post("/login", form(fields)))
        assert 'id="page-account"' in answer.text
        return wire


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


@pytest.fixture(scope="module")
def target(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A running provider on each kind of database, kept for a module."""
    folder = tmp_path_factory.mktemp("target")
    with databases.fresh_database(database_kind, folder) as url:
        provider = make_provider(url, folder, **EVERYTHING)
        provider.add_user()
        rp = RelyingParty(
            provider,
            provider.add_client(
                post_logout_redirect_uris=(CALLBACK,),
                grant_types=("authorization_code", "client_credentials"),
                scope=("openid", "profile", "email", "reports"),
                first_party=True,
            ),
            provider.browser(),
        )
        public = RelyingParty(
            provider, provider.add_client(token_endpoint_auth_method="none"), provider.browser()
        )
        yield Target(provider, rp, public)
        provider.house.get(Database).engine.dispose()
