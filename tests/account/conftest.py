"""A provider with settings of the test's own, and somebody who is signed in."""

from typing import Any

import pytest

from idp.store import users
from idp.store.users import User
from tests.account.people import Make
from tests.app import RelyingParty, make_provider


@pytest.fixture
def make(database_url: str, tmp_path) -> Make:
    """A relying party over a provider with these settings; the user `ada` exists."""

    def made(**settings: Any) -> RelyingParty:
        provider = make_provider(database_url, tmp_path, **settings)
        provider.add_user()
        return RelyingParty(provider, provider.add_client(), provider.browser())

    return made


def find(rp: RelyingParty, name: str = "ada") -> User:
    with rp.provider.context() as ctx:
        found = users.find_by_username(ctx.db, name)
    assert found is not None
    return found


@pytest.fixture
def ada(rp: RelyingParty) -> User:
    return find(rp)
