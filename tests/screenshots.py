"""`python -m tests.screenshots`: a picture of each hosted page, light, dark and on a phone.

Everything is made anew in a temporary folder; what is shown is what a person sees on the way.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.app import PASSWORD
from tests.browser.house import House, opened_house
from tests.browser.people import Phone, enter_password, on, press
from tests.browser.relying_party import App
from tests.support.browser import launched, watched

FOLDER = Path(__file__).parents[1] / "docs/screenshots"
LIMIT = 3_000_000
DESKTOP = {"width": 960, "height": 720}
PHONE = {"width": 390, "height": 844}
LOOKS = {"light": ("light", DESKTOP), "dark": ("dark", DESKTOP), "phone": ("light", PHONE)}
USER = "ada"


@dataclass
class Camera:
    """Takes each page in every look, and remembers what it took."""

    folder: Path
    taken: list[tuple[str, str]] = field(default_factory=list)

    def take(self, page: Page, name: str, title: str) -> None:
        """Write `name`-light.png and so on; the page stays as it is."""
        for look, (scheme, size) in LOOKS.items():
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=self.folder / f"{name}-{look}.png", full_page=True)
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self.taken.append((name, title))

    def write_index(self) -> None:
        """Write the page that shows all pictures."""
        rows = [
            "# The hosted pages",
            "",
            "Made by `make screenshots`. Each page on a light and a dark desktop, and on a phone.",
        ]
        for name, title in self.taken:
            rows += ["", f"## {title}", "", "| light | dark | phone |", "|---|---|---|"]
            cells = [f"![{title}, {look}]({name}-{look}.png)" for look in LOOKS]
            rows.append(f"| {' | '.join(cells)} |")
        (self.folder / "README.md").write_text("\n".join(rows) + "\n")


@contextmanager
def visited(folder: Path) -> Iterator[tuple[House, Page]]:
    """Give a provider with one person, and a browser of theirs."""
    with ExitStack() as stack:
        names = {"IDP_NAME": "Harbour", "IDP_SUPPORT_URL": "https://help.example.com"}
        house = stack.enter_context(opened_house(folder, **names))
        house.staff.add_user(USER)
        browser = stack.enter_context(launched())
        person = stack.enter_context(
            watched(browser, viewport=DESKTOP, user_agent=_name_of(browser))
        )
        yield house, person.page()


def _name_of(browser: Browser) -> str:
    """Return what the browser calls itself when people see its window."""
    with browser.new_page() as page:
        return str(page.evaluate("navigator.userAgent")).replace("Headless", "")


def walk(camera: Camera, house: House, page: Page) -> None:
    """Take every page on the way of one person."""
    legal = {"policy_uri": "https://example.com/privacy", "tos_uri": "https://example.com/terms"}
    app = house.open_app("Tidebook", scope="openid profile email phone", **legal)
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
    camera.take(page, "enrol", "Set up an authenticator app")
    page.get_by_text("Type the key by hand").click()
    page.locator("#code").press_sequentially("000000")
    page.get_by_role("alert").wait_for()
    page.get_by_text("Type the key by hand").click()
    camera.take(page, "enrol-error", "Set up an authenticator app, after a wrong code")
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
    """Look at the account."""
    page.goto(f"{house.issuer}/account")
    on(page, "account")
    camera.take(page, "account", "Account")


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


def main() -> None:
    """Take all pictures, then replace the old ones."""
    with tempfile.TemporaryDirectory(prefix="idp-screenshots-") as temporary:
        made, data = Path(temporary, "made"), Path(temporary, "data")
        made.mkdir()
        data.mkdir()
        camera = Camera(made)
        with visited(data) as (house, page):
            walk(camera, house, page)
        camera.write_index()
        pictures = sorted(made.glob("*.png"))
        size = sum(each.stat().st_size for each in pictures)
        if size > LIMIT:
            sys.exit(f"{size / 1e6:.1f} MB are too many for a repository")
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(made, FOLDER)
        print(f"{len(pictures)} pictures in {FOLDER}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
