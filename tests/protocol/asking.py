"""Asking about tokens, as clients and as resource servers."""

from typing import Any

import pytest

from tests.app import Provider, RelyingParty
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH

API = "https://api.example.test/v1"
OTHER_API = "https://other.example.test"
DEAD = {"active": False}


@pytest.fixture
def app(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, resources=(API, OTHER_API))


@pytest.fixture
def api(provider: Provider) -> RelyingParty:
    """A resource server: it never asks anybody to sign in."""
    return party(
        provider,
        grant_types=("client_credentials",),
        redirect_uris=(),
        scope=("api",),
        audiences=(API,),
    )


def told(rp: RelyingParty, token: str, **form: str | None) -> dict[str, Any]:
    answer = rp.introspect(token, **form)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers.getlist("Set-Cookie") == []
    return dict(answer.get_json())
