"""“Was this you?” in a browser: two buttons, and one page that says what a no does."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from idp.store import users
from idp.store.schema import sessions
from tests.account.decided import a_strange_one
from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.people import enter_password, on, press
from tests.browser.relying_party import App
from tests.browser.test_account import sign_in

pytestmark = pytest.mark.browser
NEW = "seven otters under brickwork"


def strange(house: House, username: str):
    """Somebody signed in from a new browser in Norway; the one in front of us is as usual."""
    with house.staff.context() as ctx:
        user = users.find_by_username(ctx.db, username)
        usual = update(sessions).where(sessions.c.user_id == user.id)
        ctx.db.write(usual.values(risk="low"))
    return a_strange_one(house.staff, user)


def test_a_yes_is_one_click_on_the_overview(house: House, app: App, username: str, page: Page):
    sign_in(page, app, username)
    strange(house, username)
    page.goto(f"{house.issuer}/account")
    expect(page.locator("#asked")).to_contain_text("Norway (approximate)")
    assert_well_made(page)

    page.get_by_role("button", name="Yes, it was me Firefox on Linux").click()

    on(page, "account")
    expect(page.locator("#notice")).to_contain_text("Thank you.")
    expect(page.locator("#asked")).to_have_count(0)


def test_a_no_ends_everything_behind_one_page_that_says_so(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    strange(house, username)
    page.goto(f"{house.issuer}/account/activity")
    line = page.locator(".event", has_text="Somebody signed in to your account.")
    expect(line).to_contain_text("This browser is new to us")
    line.locator("summary").click()
    expect(line).to_contain_text("By the rule")
    assert_well_made(page)

    line.get_by_role("link", name="No, it was not me").click()
    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("That takes a new proof each time.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "account-not-me")
    expect(page.locator("#sign-in")).to_contain_text("Firefox on Linux")
    assert_well_made(page)
    page.get_by_label("New password").fill(NEW)
    press(page, "disown")

    on(page, "account-authenticators")
    expect(page.locator("#notice")).to_contain_text("Everybody else is signed out.")
    page.goto(f"{house.issuer}/account/activity")
    expect(page.locator("main")).to_contain_text("You said that it was not you")
    assert_well_made(page)
    press(page, "sign-out")
    page.goto(f"{house.issuer}/account")
    enter_password(page, username, NEW)
    on(page, "account")


def test_it_works_without_scripts(house: House, app: App, username: str, without_scripts: Page):
    page = without_scripts
    sign_in(page, app, username)
    decision = strange(house, username)
    page.goto(f"{house.issuer}/account/not-me?sign_in={decision.id}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "account-not-me")
    page.get_by_label("New password").fill(NEW)
    press(page, "disown")
    on(page, "account-authenticators")
