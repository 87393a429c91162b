"""Refreshing as a client does it."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.app import Provider, RelyingParty
from tests.protocol.parties import party

BOTH = ("authorization_code", "refresh_token")
GRANT = (400, "invalid_grant")
OFFLINE = ("openid", "profile", "email", "offline_access")


def refresh(rp: RelyingParty, token: str, **changed: str | None) -> TestResponse:
    return rp.token(**({"grant_type": "refresh_token", "refresh_token": token} | changed))


def refreshed(rp: RelyingParty, token: str, **changed: str | None) -> dict[str, Any]:
    response = refresh(rp, token, **changed)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def refused(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["error"]


def ended(provider: Provider) -> list[str]:
    """Why grants ended, in that order."""
    return [e.data["reason"] for e in provider.audit() if e.name == "grant.ended"]


@pytest.fixture
def confidential(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, scope=OFFLINE)


@pytest.fixture
def public(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, scope=OFFLINE, token_endpoint_auth_method="none")
