"""Somebody who is signed in at home, in a house that writes letters."""

from pathlib import Path

import pytest

from tests.account.people import MAIL
from tests.app import Provider, RelyingParty, make_provider
from tests.presence.places import move
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH


@pytest.fixture
def provider(database_url: str, tmp_path: Path) -> Provider:
    return make_provider(database_url, tmp_path, **MAIL)


@pytest.fixture
def rp(provider: Provider) -> RelyingParty:
    provider.add_user()
    made = party(provider, grant_types=BOTH)
    move(made.browser)
    made.sign_in()
    made.authorize()
    return made
