"""Passkeys for the protocol tests: bound behind the counter, shown on the pages."""

import re
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from idp.credentials import passkeys
from idp.kernel.secrets import digest
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey
from tests.app import Provider, RelyingParty
from tests.support.authenticator import Authenticator

BROWSER = digest("a browser of long ago")


def bind_key(provider: Provider, user: User, **traits: Any) -> Authenticator:
    """Let a user have a passkey."""
    key = Authenticator(**traits)
    with provider.context() as ctx:
        ceremony = passkeys.begin_registration(ctx, user, BROWSER)
        answer = key.create(ceremony.options)
        made = passkeys.finish_registration(ctx, user, ceremony.ticket, answer, BROWSER)
        assert isinstance(made, Passkey), made
    return key


def show_key(rp: RelyingParty, page: TestResponse, key: Authenticator) -> TestResponse:
    """Do what the browser's dialogue does on the page that asks for a passkey."""
    options = re.search(r'data-passkey="get" data-options="([^"]*)"', page.get_data(as_text=True))
    assert options is not None
    return rp.submit(page, credential=key.get(unescape(options[1])))
