"""The ways through the hosted pages on which the pictures are taken."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from playwright.sync_api import Page

from idp.account import administration
from idp.account.administration import Changes
from idp.admission import invitation, reset
from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.passkeys import VirtualKey
from tests.browser.people import Phone, enter_password, on, press
from tests.browser.relying_party import App
from tests.support.smtp import SmtpServer

USER = "ada"
NEW_PASSWORD = "seven otters under brickwork"
SECTIONS = {
    "": "overview",
    "profile": "profile",
    "password": "password",
    "authenticators": "authenticators",
    "devices": "devices and sessions",
    "applications": "applications",
    "activity": "activity",
    "data": "data",
    "delete": "deletion",
}


class Camera(Protocol):
    """What takes a page in every look."""

    def take(self, page: Page, name: str, title: str, *, whole: bool = True) -> None: ...


def walks(house: House, server: SmtpServer) -> list[Callable[[Camera, Page], None]]:
    """Return every way, each for a person with a clean browser."""
    legal = {"policy_uri": "https://example.com/privacy", "tos_uri": "https://example.com/terms"}
    app = house.open_app("Tidebook", scope="openid profile email phone", **legal)
    return [
        partial(with_an_authenticator_app, house, app),
        partial(with_a_passkey, house, app),
        partial(with_codes_by_mail, house, server),
        partial(without_a_proof, house, server),
        partial(after_a_reset, house),
    ]


def with_an_authenticator_app(house: House, app: App, camera: Camera, page: Page) -> None:
    """Take every page on the way of one person."""
    phone = first_sign_in(camera, app, page)
    later_sign_in(camera, app, page, phone)
    account(camera, house, page)
    ways_out(camera, house, app, page)


def first_sign_in(camera: Camera, app: App, page: Page) -> Phone:
    """Sign in, with everything that is asked the first time."""
    page.goto(app.sign_in_url())
    on(page, "login")
    camera.take(page, "sign-in", "Sign in")
    enter_password(page, USER, "a password that is wrong")
    page.get_by_role("alert").wait_for()
    camera.take(page, "sign-in-error", "Sign in, after a wrong password")
    enter_password(page, USER, PASSWORD)
    on(page, "enrol")
    camera.take(page, "enrol", "Add a second step")
    phone = Phone(page.locator("#manual-key").text_content() or "")
    page.locator("#code").press_sequentially(phone.code())
    on(page, "recovery-codes")
    camera.take(page, "recovery-codes", "Recovery codes")
    press(page, "continue")
    on(page, "consent")
    camera.take(page, "consent", "Consent")
    press(page, "allow")
    page.locator("#claim-name").wait_for()
    return phone


def later_sign_in(camera: Camera, app: App, page: Page, phone: Phone) -> None:
    """Come back: choose the account, prove it again."""
    page.goto(app.sign_in_url(prompt="select_account"))
    on(page, "select-account")
    camera.take(page, "select-account", "Choose an account")
    page.goto(app.sign_in_url(prompt="login"))
    on(page, "login")
    camera.take(page, "sign-in-again", "Sign in again because the application asks")
    page.locator("#password").fill(PASSWORD)
    press(page, "sign-in")
    on(page, "login-code")
    camera.take(page, "code", "Code from the authenticator app")
    press(page, "use-recovery")
    on(page, "login-recovery")
    camera.take(page, "recovery", "Recovery code instead")
    press(page, "use-authenticator")
    on(page, "login-code")
    page.locator("#code").press_sequentially(phone.code())
    page.locator("#claim-name").wait_for()


def account(camera: Camera, house: House, page: Page) -> None:
    """Look at every page of the account."""
    for section, title in SECTIONS.items():
        page.goto(f"{house.issuer}/account/{section}".rstrip("/"))
        on(page, f"account-{section}".rstrip("-"))
        name = f"account-{section}".rstrip("-")
        camera.take(page, name, f"Account: {title}")
    page.goto(f"{house.issuer}/account/profile/email")
    on(page, "account-email")
    camera.take(page, "account-email", "Account: another email address")


def ways_out(camera: Camera, house: House, app: App, page: Page) -> None:
    """Errors, the form that carries an answer home, and signing out."""
    page.goto(f"{house.issuer}/authorize?client_id=unknown")
    on(page, "error")
    camera.take(page, "error", "An error, with its reference")
    with page.context.browser.new_context(java_script_enabled=False) as plain:
        plain.add_cookies(page.context.cookies())
        tab = plain.new_page()
        tab.goto(app.sign_in_url(response_mode="form_post"))
        on(tab, "form-post")
        camera.take(tab, "form-post", "Answer by form post, where scripts do not run")
    page.goto(f"{app.url}/sign-out?hint=no&client_id={app.oauth.idp.client_id}")
    on(page, "logout")
    camera.take(page, "logout", "Sign out?")
    page.goto(f"{house.issuer}/logout")
    press(page, "logout")
    on(page, "logged-out")
    camera.take(page, "logged-out", "Signed out")


def with_a_passkey(house: House, app: App, camera: Camera, page: Page) -> None:
    """Bind a passkey from the account page, use it, and be asked for it by an application."""
    house.staff.add_user("grace")
    key = VirtualKey(page)
    page.goto(f"{house.issuer}/login")
    enter_password(page, "grace", PASSWORD)
    press(page, "skip")
    page.goto(f"{house.issuer}/account/authenticators")
    press(page, "add-passkey")
    on(page, "enrol-passkey")
    camera.take(page, "enrol-passkey", "Create a passkey")
    page.locator("#name").fill("My laptop")
    press(page, "create-passkey")
    press(page, "continue")
    on(page, "account-authenticators")
    camera.take(page, "account-passkeys", "Account: authenticators, with a passkey")
    key.answers(at_once=False)
    page.context.clear_cookies()
    page.goto(app.sign_in_url())
    enter_password(page, "grace", PASSWORD)
    on(page, "login-key")
    camera.take(page, "key", "Passkey as the second step")


def with_codes_by_mail(house: House, server: SmtpServer, camera: Camera, page: Page) -> None:
    """Be asked for a code by mail, where nothing better is set up."""
    house.staff.add_user("milo", groups=["mailed"])
    page.goto(f"{house.issuer}/login")
    enter_password(page, "milo", PASSWORD)
    on(page, "login-code")
    server.wait_for(1)
    camera.take(page, "mail-code", "Code by mail")


def _link(server: SmtpServer, sent: int) -> str:
    mail = server.wait_for(sent + 1)[sent]
    return next(each for each in mail.links if "/ticket?t=" in each)


def without_a_proof(house: House, server: SmtpServer, camera: Camera, page: Page) -> None:
    """Forget a password, register, be invited, and take another address."""
    house.staff.add_user("finn")
    page.goto(f"{house.issuer}/recovery")
    on(page, "forgotten")
    camera.take(page, "forgotten", "Forgotten password")
    sent = len(server.messages)
    page.locator("#identifier").fill("finn")
    press(page, "send")
    on(page, "forgotten-sent")
    camera.take(page, "forgotten-sent", "Forgotten password: look into your mail")
    link = _link(server, sent)
    page.goto(link)
    on(page, "new-password")
    camera.take(page, "new-password", "Choose a new password")
    page.locator("#new-password").fill(NEW_PASSWORD)
    press(page, "choose")
    press(page, "skip")
    on(page, "account")
    page.goto(f"{house.issuer}/account/profile/email")
    page.locator("#email").fill("finn@elsewhere.example")
    press(page, "send-link")
    mails = server.wait_for(sent + 3)[sent:]
    links = [each for mail in mails for each in mail.links if "/ticket?t=" in each]
    page.goto(links[-1])
    on(page, "ticket-email")
    camera.take(page, "new-address", "Another email address, by a link")
    page.context.clear_cookies()
    page.goto(link)
    on(page, "ticket-over")
    camera.take(page, "link-over", "A link that is over")
    page.goto(f"{house.issuer}/register")
    on(page, "register")
    camera.take(page, "register", "Create an account")
    sent = len(server.messages)
    page.locator("#email").fill("nia@example.com")
    press(page, "send")
    on(page, "register-sent")
    page.goto(_link(server, sent))
    on(page, "register-account")
    camera.take(page, "register-account", "Create an account: password or passkey")
    with house.staff.context() as ctx:
        claims = Changes(email="ivy@example.com", claims={"name": "Ivy Example"})
        invited = invitation.invite(ctx, administration.create_user(ctx, "ivy", claims, None))
    page.goto(invited.url)
    on(page, "invitation")
    camera.take(page, "invitation", "An invitation")


def after_a_reset(house: House, camera: Camera, page: Page) -> None:
    """Come back after an operator took the second steps away."""
    user = house.staff.add_user("rosa")
    with house.staff.context() as ctx:
        link = reset.reset_factors(ctx, user, "lost the phone")
    page.goto(f"{house.issuer}/login")
    enter_password(page, "rosa", PASSWORD)
    on(page, "login-refer")
    camera.take(page, "refer", "After a reset, without the link")
    page.goto(link.url)
    on(page, "ticket-reset")
    camera.take(page, "reset", "After a reset, by the link")
