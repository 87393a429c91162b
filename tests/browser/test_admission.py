"""Ways in for who has no proof yet, walked by a browser whose person reads mail."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from idp.account import administration
from idp.account.administration import Changes
from idp.admission import invitation, reset
from idp.credentials import account_tickets
from idp.store import users
from tests.app import PASSWORD
from tests.browser.house import House, opened_house
from tests.browser.inspection import assert_well_made
from tests.browser.people import enter_password, on, press
from tests.support.browser import Watched
from tests.support.smtp import SmtpServer, smtp_server

pytestmark = pytest.mark.browser
NEW_PASSWORD = "seven otters under brickwork"
GONE = r"status of 410"


@dataclass
class Mailing:
    """A running provider with a mail server behind it."""

    house: House
    server: SmtpServer

    def link_in_mail(self, before: int) -> str:
        """The link of the mail that comes after so many."""
        mail = self.server.wait_for(before + 1)[before]
        return next(each for each in mail.links if "/ticket?t=" in each)

    @property
    def sent(self) -> int:
        return len(self.server.messages)

    def add_user(self) -> str:
        name = f"ada-{secrets.token_hex(3)}"
        self.house.staff.add_user(name)
        return name


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    """A provider that sends mail and lets anyone register."""
    with smtp_server() as server:
        environment = {
            "IDP_SMTP_URL": server.url,
            "IDP_MAIL_FROM": "id@example.test",
            "IDP_SELF_REGISTRATION": "true",
        }
        with opened_house(tmp_path_factory.mktemp("mailing"), **environment) as house:
            yield Mailing(house, server)


def choose(page: Page, password: str = NEW_PASSWORD) -> None:
    page.locator("#new-password").fill(password)
    press(page, "choose")


def sign_in(page: Page, name: str) -> None:
    """Sign in with the password alone, for now."""
    enter_password(page, name, PASSWORD)
    press(page, "skip")


def test_a_forgotten_password_is_replaced(mailing: Mailing, page: Page, visitor: Watched):
    name = mailing.add_user()
    visitor.allow(GONE)
    visitor.allow(r"status of 400")
    page.goto(f"{mailing.house.issuer}/login")
    press(page, "forgot")
    on(page, "forgotten")
    assert_well_made(page)
    sent = mailing.sent
    page.locator("#identifier").fill(name)
    press(page, "send")
    on(page, "forgotten-sent")
    assert_well_made(page)
    link = mailing.link_in_mail(sent)
    page.goto(link)
    on(page, "new-password")
    assert "idp_at_" not in page.url
    assert_well_made(page)
    choose(page, "short")
    expect(page.get_by_role("alert")).to_contain_text("too short")
    assert_well_made(page)
    press(page, "show-password")
    choose(page)
    press(page, "skip")
    on(page, "account")
    page.goto(link)
    on(page, "ticket-over")
    assert_well_made(page)


def test_in_another_browser_the_page_says_where(mailing: Mailing, page: Page, visitor: Watched):
    name = mailing.add_user()
    page.goto(f"{mailing.house.issuer}/recovery")
    sent = mailing.sent
    page.locator("#identifier").fill(name)
    press(page, "send")
    link = mailing.link_in_mail(sent)
    visitor.context.clear_cookies()
    page.goto(link)
    on(page, "ticket-elsewhere")
    assert_well_made(page)
    press(page, "again")
    on(page, "forgotten")


def test_it_all_works_without_scripts(mailing: Mailing, without_scripts: Page):
    page, name = without_scripts, mailing.add_user()
    page.goto(f"{mailing.house.issuer}/recovery")
    sent = mailing.sent
    page.locator("#identifier").fill(name)
    press(page, "send")
    page.goto(mailing.link_in_mail(sent))
    choose(page)
    press(page, "skip")
    on(page, "account")


def test_an_invitation_is_accepted(mailing: Mailing, page: Page):
    name = f"bob-{secrets.token_hex(3)}"
    with mailing.house.staff.context() as ctx:
        changes = Changes(email=f"{name}@example.test", claims={"name": "Bob Example"})
        user = administration.create_user(ctx, name, changes, None)
        link = invitation.invite(ctx, user)
    page.goto(link.url)
    on(page, "invitation")
    assert_well_made(page)
    choose(page)
    press(page, "skip")
    on(page, "account")


def test_an_account_is_opened(mailing: Mailing, page: Page):
    address = f"nia-{secrets.token_hex(3)}@example.test"
    page.goto(f"{mailing.house.issuer}/login")
    press(page, "register")
    on(page, "register")
    assert_well_made(page)
    sent = mailing.sent
    page.locator("#email").fill(address)
    press(page, "send")
    on(page, "register-sent")
    assert_well_made(page)
    page.goto(mailing.link_in_mail(sent))
    on(page, "register-account")
    assert_well_made(page)
    page.locator("#name").fill("Nia Example")
    choose(page)
    press(page, "skip")
    on(page, "account")


def test_a_reset_is_explained(mailing: Mailing, page: Page):
    name = mailing.add_user()
    with mailing.house.staff.context() as ctx:
        user = users.find_by_username(ctx.db, name)
        link = reset.reset_factors(ctx, user, "lost the phone")
    page.goto(link.url)
    on(page, "ticket-reset")
    assert_well_made(page)
    press(page, "sign-in")
    on(page, "login")


def test_a_new_address_is_used(mailing: Mailing, page: Page):
    staff, issuer = mailing.house.staff, mailing.house.issuer
    name, other = mailing.add_user(), mailing.add_user()
    with staff.context() as ctx:
        user = users.find_by_username(ctx.db, name)
        token = account_tickets.issue(
            ctx,
            account_tickets.Purpose.VERIFY_EMAIL,
            account_tickets.EMAIL_CHANGE_LIFETIME,
            user_id=user.id,
            email=f"new-{name}@example.test",
        )
        link = account_tickets.link(ctx, token)
    page.goto(f"{issuer}/account")
    sign_in(page, other)
    on(page, "account")
    page.goto(link)
    on(page, "ticket-other-account")
    assert_well_made(page)
    press(page, "switch")
    sign_in(page, name)
    on(page, "ticket-email")
    assert_well_made(page)
    press(page, "use")
    on(page, "ticket-email-done")
    assert_well_made(page)
