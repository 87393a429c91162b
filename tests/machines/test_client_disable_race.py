"""What a client gets while it is being disabled is void with all the rest (I3)."""

import threading
from pathlib import Path
from typing import Any

import pytest

from idp.protocol.clients import service as clients
from idp.sessions import grant_ends
from tests.app import Provider, make_provider
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH, OFFLINE, refresh

ASKED = {"scope": "openid offline_access"}


@pytest.fixture
def provider(postgresql_url: str, tmp_path: Path) -> Provider:
    """On SQLite writers come one at a time."""
    return make_provider(postgresql_url, tmp_path)


def test_what_is_bought_while_a_client_is_being_disabled_is_void_with_the_rest(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=OFFLINE)
    rp.sign_in(prompt="consent", **ASKED)
    bought: list[dict[str, Any]] = []
    end_all = grant_ends.end_all

    def and_meanwhile(*args: Any, **named: Any) -> list[Any]:
        ended = end_all(*args, **named)
        if not bought:
            walk = threading.Thread(target=lambda: bought.append(rp.sign_in(**ASKED)))
            walk.start()
            walk.join()
        return ended

    monkeypatch.setattr(grant_ends, "end_all", and_meanwhile)
    with provider.context() as ctx:
        assert clients.disable(ctx, rp.client_id)

    (tokens,) = bought
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    with provider.context() as ctx:
        assert clients.enable(ctx, rp.client_id)
    assert refresh(rp, tokens["refresh_token"]).status_code == 400
