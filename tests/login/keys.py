"""The hosted pages with a software authenticator in front of them."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from idp.credentials import passkeys
from idp.kernel.secrets import digest
from idp.store import users
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey
from tests.app import ISSUER, Provider, RelyingParty, claims_of, text_of
from tests.support.authenticator import Authenticator

_FORM = re.compile(r"<form\b[^>]*\bdata-passkey=.*?</form>", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """The form of a page that asks the browser for a passkey: what it sends, and where to."""

    options: str
    action: str
    fields: dict[str, str]


def attributes_of(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'([a-z_-]+)="([^"]*)"', tag)}


def asked_on(page: TestResponse) -> Asked:
    """Return the passkey form of a page."""
    found = _FORM.search(page.get_data(as_text=True))
    assert found, text_of(page)
    form = attributes_of(found[0].partition(">")[0])
    inputs = [attributes_of(tag) for tag in re.findall(r"<input\b[^>]*>", found[0])]
    fields = {each["name"]: each.get("value", "") for each in inputs if each["type"] == "hidden"}
    return Asked(form["data-options"], form["action"], fields)


def asks(page: TestResponse) -> bool:
    """Tell whether a page asks for a passkey at all."""
    return _FORM.search(page.get_data(as_text=True)) is not None


def post(rp: RelyingParty, path: str, fields: dict[str, str]) -> TestResponse:
    """Send a form and follow where it leads."""
    return rp.follow(rp.browser.post(path, data=fields, base_url=ISSUER))


def hand_in(rp: RelyingParty, page: TestResponse, credential: str, **also: str) -> TestResponse:
    """Send what an authenticator answered, as the page's script does."""
    asked = asked_on(page)
    return post(rp, asked.action, {**asked.fields, "credential": credential, **also})


def use(rp: RelyingParty, page: TestResponse, key: Authenticator, **lies: Any) -> TestResponse:
    """Answer a page that asks for a passkey."""
    return hand_in(rp, page, key.get(asked_on(page).options, **lies))


def make(
    rp: RelyingParty, page: TestResponse, key: Authenticator, name: str = "", **lies: Any
) -> TestResponse:
    """Answer a page that asks to create a passkey."""
    return hand_in(rp, page, key.create(asked_on(page).options, **lies), name=name)


def bind(provider: Provider, user: User, key: Authenticator, *, plain: bool = False) -> Passkey:
    """Give a user a passkey, without any page."""
    browser = digest("the cookie of a browser")
    with provider.context() as ctx:
        begun = passkeys.begin_registration(ctx, user, browser, discoverable=not plain)
        answer = key.create(begun.options)
        made = passkeys.finish_registration(ctx, user, begun.ticket, answer, browser)
    assert isinstance(made, Passkey), made
    return made


def user_of(provider: Provider, username: str = "ada") -> User:
    with provider.context() as ctx:
        user = users.find_by_username(ctx.db, username)
    assert user is not None
    return user


def page_id(page: TestResponse) -> str:
    """Return which hosted page it is; the client's own address when it led back there."""
    found = re.search(r'id="page-([a-z-]+)"', page.get_data(as_text=True))
    return found[1] if found else urlsplit(page.headers.get("Location", "")).netloc


def visit(rp: RelyingParty) -> RelyingParty:
    """Return the same client in another browser."""
    return RelyingParty(rp.provider, rp.registered, rp.provider.browser(), defaults=rp.defaults)


def id_token(rp: RelyingParty, page: TestResponse) -> dict[str, Any]:
    """Return the claims of the ID token that the way led to."""
    answered = rp.redeem(rp.answer(page)["code"])
    return claims_of(answered.get_json()["id_token"])


def has_session(rp: RelyingParty) -> bool:
    return rp.browser.get_cookie("__Host-idp_session", domain="id.example.test") is not None


def count(provider: Provider, name: str) -> int:
    return provider.event_names().count(name)
