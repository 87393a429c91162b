"""What people do on their account pages, and what they own."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from idp.kernel.secrets import new_id
from idp.store import webauthn_credentials
from idp.store.schema import sessions
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey
from tests.app import ISSUER, Provider, RelyingParty, submit

MAIL = {"smtp_url": "smtp://127.0.0.1:2525", "mail_from": "idp@example.test"}
TEXTS = {"text_codes": True, "text_gateway_url": "https://texts.example.test/"}
SENSITIVE = {
    "/account/passkey": {},
    "/account/passkey/rename": {"name": "Mine"},
    "/account/passkey/known": {},
    "/account/passkey/remove": {},
    "/account/authenticator": {},
    "/account/authenticator/rename": {"name": "Mine"},
    "/account/authenticator/remove": {},
    "/account/recovery-codes": {},
    "/account/password": {"current_password": "x", "new_password": "y"},
    "/account/password/remove": {},
    "/account/profile/email": {"email": "new@example.test"},
    "/account/profile/phone": {"phone_number": "+49 30 1234567"},
    "/account/profile/phone/code": {"code": "12345678"},
    "/account/profile/phone/remove": {},
    "/account/sessions/end": {"sid": "x"},
    "/account/sessions/end-others": {},
    "/account/sessions/end-all": {},
    "/account/devices/forget": {"device_id": "x"},
    "/account/data": {},
    "/account/delete": {"username": "ada"},
}
ORDINARY = {
    "/account/profile": {},
    "/account/connections/revoke": {},
    "/account/sign-ins/me": {},
    "/account/sign-out": {},
    "/account/stay": {},
}
PAGES = (
    "/account",
    "/account/profile",
    "/account/password",
    "/account/authenticators",
    "/account/devices",
    "/account/applications",
    "/account/activity",
    "/account/data",
    "/account/delete",
)


def visit(rp: RelyingParty, path: str = "/account") -> TestResponse:
    """Look at a page, wherever that leads."""
    return rp.follow(rp.get(path))


def send(rp: RelyingParty, path: str, **values: str) -> TestResponse:
    """Send a form of the account page as it is, and stay at the answer."""
    return submit(rp.browser, visit(rp), path, **values)


def act(rp: RelyingParty, path: str, **values: str) -> TestResponse:
    """Send a form of the account page, and see what comes of it."""
    return rp.follow(send(rp, path, **values))


def another_browser(rp: RelyingParty, user_agent: str = "") -> RelyingParty:
    """The same person at another computer."""
    browser = rp.provider.browser()
    if user_agent:
        browser.environ_base["HTTP_USER_AGENT"] = user_agent
    return RelyingParty(rp.provider, rp.registered, browser)


def cookie_of(rp: RelyingParty, name: str) -> str | None:
    """What the browser keeps under this name of ours."""
    kept = rp.browser.get_cookie(f"__Host-idp_{name}", domain="id.example.test")
    return kept.value if kept else None


def twin_of(rp: RelyingParty) -> FlaskClient:
    """A second tab: another connection with the same cookies."""
    twin = rp.provider.browser()
    for name in ("session", "browser", "device", "turn"):
        if (value := cookie_of(rp, name)) is not None:
            twin.set_cookie(f"__Host-idp_{name}", value, domain="id.example.test", secure=True)
    return twin


def at_once(
    rp: RelyingParty, page: TestResponse, path: str, forms: Iterable[dict[str, str]]
) -> list[int]:
    """Send several forms in the same instant, each from a tab of its own."""
    tabs = [(twin_of(rp), form) for form in forms]
    together = threading.Barrier(len(tabs))

    def send_one(tab: tuple[FlaskClient, dict[str, str]]) -> int:
        together.wait()
        return submit(tab[0], page, path, **tab[1]).status_code

    with ThreadPoolExecutor(len(tabs)) as pool:
        return list(pool.map(send_one, tabs))


def add_passkey(provider: Provider, user: User, **traits: Any) -> str:
    """Give a user a passkey that nobody holds; return its id."""
    with provider.context() as ctx:
        values = {
            "id": new_id(),
            "user_id": user.id,
            "credential_id": new_id().encode(),
            "public_key": b"a public key",
            "sign_count": 0,
            "aaguid": "00000000-0000-0000-0000-000000000000",
            "transports": ["internal"],
            "backup_eligible": True,
            "backed_up": True,
            "verifies_user": True,
            "attestation": "none",
            "hardware": False,
            "name": "Laptop",
            "created_at": ctx.now,
        } | traits
        assert webauthn_credentials.add(ctx.db, Passkey(**values))
    return str(values["id"])


def rise(
    rp: RelyingParty,
    user: User,
    amr: tuple[str, ...] = ("pwd", "swk", "uv"),
    acr: str = "phr",
) -> None:
    """Let the sessions of a user have shown more: a passkey, unless it is said."""
    with rp.provider.context() as ctx:
        shown = update(sessions).where(sessions.c.user_id == user.id)
        ctx.db.write(shown.values(amr=list(amr), acr=acr))


def post_without_page(rp: RelyingParty, path: str, **form: str) -> TestResponse:
    """Post a form that came from none of our pages."""
    return rp.browser.post(path, data=form, base_url=ISSUER)


def letters(monkeypatch: Any) -> list[dict[str, str]]:
    """Keep what would be mailed from now on, instead of queueing it."""
    kept: list[dict[str, str]] = []

    def keep(_ctx: object, **letter: str) -> None:
        kept.append(letter)

    monkeypatch.setattr("idp.delivery.service.mail", keep)
    return kept


Make = Callable[..., RelyingParty]
