"""Passkeys for the protocol tests: bound behind the counter, shown on the pages."""

import re
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from idp.credentials import passkeys
from idp.kernel.secrets import digest
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey
from tests.app import Provider, RelyingParty, submit
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
    return _send(rp, page, key.get(_options(page, "get")))


def create_key(rp: RelyingParty, page: TestResponse, key: Authenticator) -> TestResponse:
    """Do what the browser's dialogue does on the page that binds a passkey."""
    return _send(rp, page, key.create(_options(page, "create")))


def _options(page: TestResponse, kind: str) -> str:
    text = page.get_data(as_text=True)
    options = re.search(rf'data-passkey="{kind}" data-options="([^"]*)"', text)
    assert options is not None, text
    return unescape(options[1])


def _send(rp: RelyingParty, page: TestResponse, answer: str) -> TestResponse:
    action = re.search(r'<form method="post" action="([^"]*)" class="passkey"', page.text)
    assert action is not None
    return rp.follow(submit(rp.browser, page, unescape(action[1]), credential=answer))
