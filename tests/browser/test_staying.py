"""A session's end is said before it comes, and a session that changed asks who is there."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app import PASSWORD
from tests.browser.house import House, opened_house
from tests.browser.inspection import assert_well_made
from tests.browser.people import enter_password, on, press
from tests.support.spec import spec

pytestmark = pytest.mark.browser

CALM = Path(__file__).parents[1] / "support/calm.toml"
# Two minutes before it the page speaks: that is some seconds after it was loaded.
IDLE = 126


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # A first sign-in is unlike any before it, and its session would be shorter still.
    settings = {"IDP_SESSION_IDLE": str(IDLE), "IDP_POLICY_FILE": str(CALM)}
    with opened_house(tmp_path_factory.mktemp("short"), **settings) as made:
        yield made


@pytest.fixture
def username(house: House) -> str:
    name = f"ada-{secrets.token_hex(3)}"
    house.staff.add_user(name)
    return name


def signed_in(house: House, page: Page, username: str, path: str = "/account") -> None:
    page.goto(f"{house.issuer}{path}")
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "skip")


@spec("WCAG 2.2 §2.2.1")
def test_two_minutes_before_the_end_the_page_says_so_and_stays_by_one_press(
    house: House, username: str, page: Page
):
    signed_in(house, page, username, "/account/profile")
    on(page, "account-profile")
    bar = page.locator("#session-end")
    expect(bar).to_be_hidden()
    page.locator("#nickname").fill("half typed")

    expect(bar).to_be_visible(timeout=12_000)
    said = re.compile(r"You will be signed out at \d+:\d\d\W[AP]M, because nothing was done here")
    expect(bar).to_contain_text(said)
    assert_well_made(page)
    page.locator("#stay").click()

    expect(bar).to_be_hidden()
    expect(page.locator("#nickname")).to_have_value("half typed")


def test_another_window_that_is_used_keeps_this_one(house: House, username: str, page: Page):
    signed_in(house, page, username)
    on(page, "account")
    expect(page.locator("#session-end")).to_be_visible(timeout=12_000)
    other = page.context.new_page()
    other.goto(f"{house.issuer}/account")
    other.locator("#stay").evaluate("button => button.form.requestSubmit()")
    other.close()

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("#session-end")).to_be_hidden()


def test_without_scripts_a_line_says_when_it_ends_and_its_button_stays(
    house: House, username: str, without_scripts: Page
):
    page = without_scripts
    signed_in(house, page, username, "/account/devices")
    on(page, "account-devices")
    expect(page.locator("#session-end")).to_contain_text("This session ends when it is not used")

    page.locator("#stay").click()

    on(page, "account-devices")


def test_a_session_without_its_device_credential_is_asked_about_and_goes_on_in_place(
    house: House, username: str, page: Page
):
    signed_in(house, page, username, "/account/devices")
    on(page, "account-devices")
    page.context.clear_cookies(name="idp_device")

    page.reload()

    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("does not seem to be the browser")
    assert_well_made(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "account-devices")
