"""A thief with the old secret of the very session in which the owner changes the password (I6)."""

import threading
from pathlib import Path

import pytest

from idp.account import own_password
from idp.login.sign_in import Browser
from idp.sessions import service as sessions
from tests.app import PASSWORD, Provider, make_provider
from tests.protocol.parties import SECRET_COOKIE, party
from tests.protocol.refreshing import BOTH, OFFLINE

ASKED = {"scope": "openid offline_access"}


@pytest.fixture
def provider(postgresql_url: str, tmp_path: Path) -> Provider:
    return make_provider(postgresql_url, tmp_path)


def test_the_old_secret_opens_no_offline_access_while_it_is_replaced(provider: Provider):
    provider.add_user()
    rp = party(provider, grant_types=BOTH, scope=OFFLINE)
    rp.sign_in(prompt="consent", **ASKED)
    secret = rp.browser.get_cookie(SECRET_COOKIE, domain="id.example.test").value
    codes: list = []
    thief = threading.Thread(target=lambda: codes.append(rp.authorize(**ASKED)), daemon=True)

    with provider.context() as ctx:
        standing = sessions.find_standing(ctx, secret)
        browser = Browser(secret=secret, standing=standing, device_id=None)
        done = own_password.change(
            ctx, standing, browser, current=PASSWORD, new="other lamps over tidewater"
        )
        assert isinstance(done, own_password.Changed), done
        thief.start()
        thief.join(1)
    thief.join(5)

    assert rp.answer(codes[0])["error"] == "login_required"
