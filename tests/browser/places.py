"""People behind a proxy, in browsers here and there, while time goes by."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update

from idp.credentials import totp
from idp.store import users as user_rows
from idp.store.schema import sessions, users
from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.people import STEP, Phone, enter_password, on, press
from tests.support.browser import Watched, watched
from tests.support.smtp import Received, SmtpServer

HOME, MOBILE, AWAY = "203.0.113.7", "198.51.100.20", "192.0.2.44"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass
class Place:
    """A provider behind a proxy, with a policy file, and the mail server that it writes to."""

    house: House
    server: SmtpServer

    def add_user(self, *groups: str) -> str:
        name = f"ada-{secrets.token_hex(3)}"
        self.house.staff.add_user(name, groups=list(groups))
        return name

    def letter(self, username: str, subject: str) -> Received:
        """The newest letter to this person with that subject."""
        for _ in range(100):
            if found := [m for m in self.letters(username) if subject in m.subject]:
                return found[-1]
            time.sleep(0.1)
        message = f"{[m.subject for m in self.letters(username)]} and nothing of “{subject}”"
        raise AssertionError(message)

    def letters(self, username: str) -> list[Received]:
        return [m for m in self.server.messages if m.to == [f"{username}@example.test"]]

    def later(self, username: str, **duration: float) -> None:
        """Let time go by for this person's sessions: all of their instants are put back."""
        by = timedelta(**duration)
        instants = [c for c in sessions.c if c.name.endswith(("_at", "_until"))]
        of_user = select(users.c.id).where(users.c.username == username).scalar_subquery()
        with self.house.staff.context() as ctx:
            for row in ctx.db.read(select(sessions).where(sessions.c.user_id == of_user)):
                old = {c.name: row._mapping[c] for c in instants}
                new = {name: at - by for name, at in old.items() if at is not None}
                ctx.db.write(update(sessions).where(sessions.c.sid == row.sid).values(new))


@contextmanager
def elsewhere(browser: Browser, address: str, user_agent: str = FIREFOX) -> Iterator[Watched]:
    """Another browser, at another address."""
    with watched(browser, user_agent=user_agent, extra_http_headers=at(address)) as other:
        yield other


def at(address: str) -> dict[str, str]:
    """What the proxy in front writes of somebody at this address."""
    return {"X-Forwarded-For": address}


def a_phone(house: House, username: str) -> Phone:
    """Give this person an authenticator app; it gives two codes without waiting."""
    key = pyotp.random_base32()
    before = int(time.time() // STEP) - 1
    with house.staff.context() as ctx:
        user = user_rows.find_by_username(ctx.db, username)
        assert totp.add(ctx, user.id, "Phone", key, pyotp.TOTP(key).at(before * STEP))
    phone = Phone(key)
    phone.last = before
    return phone


def sign_in(page: Page, house: House, username: str) -> None:
    """Go to the account page for the first time, with a password alone."""
    page.goto(f"{house.issuer}/account")
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "skip")
    on(page, "account")


def sign_in_again(page: Page, house: House, username: str) -> None:
    """Do so elsewhere; a second step is offered once a while."""
    page.goto(f"{house.issuer}/account")
    enter_password(page, username, PASSWORD)
    on(page, "account")


def look_until(page: Page, **said: str) -> None:
    """Look again until the page says this of the applications."""
    for _ in range(60):
        told = page.locator(".app-told").all_inner_texts()
        if all(any(app in one and words in one for one in told) for app, words in said.items()):
            return
        time.sleep(0.5)
        page.locator("#look-again").click()
        on(page, "logged-out")
    raise AssertionError(told)


def copied(owner: Page, thief: Watched) -> Page:
    """A tab of another browser with all cookies of the owner's."""
    thief.context.add_cookies(owner.context.cookies())
    return thief.page()


def cookie(page: Page, name: str) -> str:
    (found,) = [each["value"] for each in page.context.cookies() if each["name"] == name]
    return found
