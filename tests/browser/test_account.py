"""The account pages, and the ways out."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.passkeys import VirtualKey
from tests.browser.people import enrol, enter_code, enter_password, go_back, on, press, tab_to
from tests.browser.relying_party import App
from tests.support.browser import Watched, watched
from tests.support.spec import spec

pytestmark = pytest.mark.browser


def sign_in(page: Page, app: App, username: str) -> None:
    """Sign in without a second step, and agree."""
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "skip")
    on(page, "consent")
    press(page, "allow")
    expect(page.locator("#claim-preferred_username")).to_have_text(username)


def sign_in_at(page: Page, house: House, username: str, section: str = "") -> None:
    """Sign in where the account page asks for it; no application is connected."""
    page.goto(f"{house.issuer}/account{section}")
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "skip")
    on(page, SECTIONS[section])


SECTIONS = {
    "": "account",
    "/profile": "account-profile",
    "/password": "account-password",
    "/authenticators": "account-authenticators",
    "/devices": "account-devices",
    "/applications": "account-applications",
    "/activity": "account-activity",
    "/data": "account-data",
    "/delete": "account-delete",
}


def test_the_overview_tells_what_is_there(house: House, app: App, username: str, page: Page):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
    on(page, "account")
    main = page.locator("main")
    expect(main).to_contain_text("Ada Example")
    expect(main).to_contain_text("Protected by one step")
    expect(main).to_contain_text(re.compile(r"Chrom\w+ on "))
    expect(main).to_contain_text("127.0.0.1")
    expect(main).to_contain_text("1 application")
    assert_well_made(page)


def test_every_section_is_one_step_away_and_well_made(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
    for path, name in SECTIONS.items():
        link = page.locator(f'#sections a[href="/account{path}"]')
        if link.count():
            link.click()
        else:
            page.goto(f"{house.issuer}/account{path}")
        on(page, name)
        expect(page.locator("#sections [aria-current]")).to_have_count(1)
        assert_well_made(page)


def test_on_a_phone_the_sections_are_a_sheet_that_opens_without_scripts(
    house: House, username: str, without_scripts: Page
):
    page = without_scripts
    sign_in_at(page, house, username)
    page.set_viewport_size({"width": 320, "height": 640})
    expect(page.locator("#sections-list")).to_be_hidden()
    page.get_by_role("button", name="Sections: Overview").click()
    links = page.locator("#sections a")
    expect(links).to_have_count(8)
    for link in links.all():
        expect(link).to_be_in_viewport(ratio=1)
        assert link.bounding_box()["height"] >= 44
    page.keyboard.press("Escape")
    expect(page.locator("#sections-list")).to_be_hidden()
    page.locator("#sections-open").click()
    page.locator('#sections a[href="/account/devices"]').click()
    on(page, "account-devices")
    expect(page.get_by_role("button", name="Sections: Devices")).to_be_visible()


def test_the_sections_are_reached_by_keyboard(house: House, username: str, page: Page):
    sign_in_at(page, house, username)
    tab_to(page, ".skip")
    tab_to(page, '#sections a[href="/account/devices"]')
    page.keyboard.press("Enter")
    on(page, "account-devices")
    tab_to(page, "#end-session-1", limit=25)


def test_an_authenticator_is_added_named_and_removed(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account/authenticators")
    press(page, "add-authenticator")
    phone, codes = enrol(page)
    press(page, "continue")
    on(page, "account-authenticators")
    expect(page.locator("#notice")).to_contain_text("Added.")
    expect(page.locator("#recovery-left")).to_contain_text("10 codes left")
    page.locator("#app-rename-1 summary").click()
    page.locator("#app-name-1").fill("Work phone")
    assert_well_made(page)
    press(page, "app-save-1")
    expect(page.locator("#apps")).to_contain_text("Work phone")
    assert_well_made(page)

    page.locator("#regenerate-codes-behind summary").click()
    expect(page.locator("#regenerate-codes-behind")).to_contain_text("void from then on")
    assert_well_made(page)
    press(page, "regenerate-codes")
    on(page, "recovery-codes")
    assert not set(codes) & set(page.locator("#codes li").all_inner_texts())
    press(page, "continue")
    on(page, "account-authenticators")

    press(page, "sign-out")
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    page.goto(f"{house.issuer}/account")
    expect(page.locator("#security")).to_contain_text("Protected by two steps")
    page.goto(f"{house.issuer}/account/authenticators")
    page.locator("#remove-authenticator-1-behind summary").click()
    expect(page.locator("#remove-authenticator-1-behind")).to_contain_text("“Work phone”")
    press(page, "remove-authenticator-1")
    expect(page.locator("#notice")).to_contain_text("removed")
    assert_well_made(page)


def test_another_device_is_seen_and_signed_out(
    house: House, username: str, page: Page, browser: Browser
):
    sign_in_at(page, house, username)
    with watched(browser) as elsewhere:
        other = elsewhere.page()
        other.goto(f"{house.issuer}/account")
        enter_password(other, username, PASSWORD)
        on(other, "account")
        page.goto(f"{house.issuer}/account/devices")
        expect(page.locator("#sessions > li")).to_have_count(2)
        expect(page.locator("#sessions > li").first).to_contain_text("This session")
        assert_well_made(page)
        press(page, "end-others")
        expect(page.locator("#notice")).to_contain_text("Every other device was signed out")
        expect(page.locator("#sessions > li")).to_have_count(1)
        other.reload()
        on(other, "login")


def test_the_password_is_changed_and_only_the_new_one_signs_in(
    house: House, username: str, page: Page, visitor: Watched
):
    visitor.allow("status of 400")
    sign_in_at(page, house, username, "/password")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("too short")
    press(page, "save-password")
    expect(page.get_by_role("alert")).to_contain_text("too short")
    expect(page.locator("#new-password")).to_be_focused()
    assert_well_made(page)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("lilac rivers under copper moons")
    press(page, "save-password")
    expect(page.locator("#notice")).to_contain_text("Your password was changed")
    assert_well_made(page)
    press(page, "sign-out")
    page.goto(f"{house.issuer}/account")
    enter_password(page, username, PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    enter_password(page, username, "lilac rivers under copper moons")
    on(page, "account")


def test_the_profile_is_saved(house: House, username: str, page: Page):
    sign_in_at(page, house, username, "/profile")
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Time zone").select_option("Europe/London")
    press(page, "save-profile")
    expect(page.locator("#notice")).to_contain_text("saved")
    expect(page.get_by_label("Full name")).to_have_value("Ada Lovelace")
    assert_well_made(page)


def test_the_history_opens_line_by_line(house: House, username: str, page: Page):
    sign_in_at(page, house, username, "/activity")
    line = page.locator(".event", has_text="You signed in.").first
    expect(line.locator("dl")).to_be_hidden()
    line.locator("summary").click()
    expect(line.locator("dl")).to_contain_text("Password")
    assert_well_made(page)


def test_a_copy_is_taken_and_the_account_is_deleted(house: House, username: str, page: Page):
    sign_in_at(page, house, username, "/data")
    with page.expect_download() as downloading:
        press(page, "download")
    copy = json.loads(Path(downloading.value.path()).read_text())
    assert copy["account"]["username"] == username
    press(page, "to-delete")
    on(page, "account-delete")
    page.get_by_label("Type your user name").fill(username)
    press(page, "delete-account")
    on(page, "account-deleted")
    assert_well_made(page)
    page.goto(f"{house.issuer}/account")
    on(page, "login")


def test_everything_works_without_scripts(
    house: House, app: App, username: str, without_scripts: Page
):
    page = without_scripts
    sign_in(page, app, username)
    for path, name in SECTIONS.items():
        page.goto(f"{house.issuer}/account{path}")
        on(page, name)
    page.goto(f"{house.issuer}/account/activity")
    page.locator("summary").first.click()
    expect(page.locator(".event dl").first).to_be_visible()
    page.goto(f"{house.issuer}/account/profile")
    page.get_by_label("Full name").fill("Ada Lovelace")
    press(page, "save-profile")
    expect(page.locator("#notice")).to_contain_text("saved")
    page.goto(f"{house.issuer}/account/devices")
    press(page, "forget-1")
    expect(page.locator("#notice")).to_contain_text("new to us again")
    press(page, "end-all")
    on(page, "logged-out")


def test_a_connection_is_taken_back_and_asked_for_again(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account/applications")
    page.get_by_role("button", name="Disconnect Example App").click()
    expect(page.locator("#notice")).to_contain_text("no access any more")
    expect(page.locator("main")).not_to_contain_text("Example App")
    assert_well_made(page)
    page.goto(app.sign_in_url(prompt="none"))
    expect(page.locator("#error")).to_have_text("consent_required")
    page.goto(app.sign_in_url())
    on(page, "consent")


def test_whoever_signs_out_of_the_account_is_out(house: House, app: App, username: str, page: Page):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
    press(page, "sign-out")
    on(page, "logged-out")
    assert_well_made(page)
    page.goto(app.sign_in_url(prompt="none"))
    expect(page.locator("#error")).to_have_text("login_required")
    page.goto(f"{house.issuer}/account")
    on(page, "login")


def test_back_after_signing_out_shows_nothing_of_the_account(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
    press(page, "sign-out")
    on(page, "logged-out")
    go_back(page)
    on(page, "login")
    go_back(page)  # to the client
    page.go_forward()
    on(page, "login")


@spec("RP-Initiated Logout §2")
def test_a_client_without_proof_makes_us_ask(house: House, app: App, username: str, page: Page):
    sign_in(page, app, username)
    page.goto(f"{app.url}/sign-out?hint=no&client_id={client_id(app)}")
    on(page, "logout")
    expect(page.locator("main")).to_contain_text("Example App asks to sign you out")
    assert_well_made(page)
    press(page, "stay")
    on(page, "account")

    page.goto(f"{app.url}/sign-out?hint=no&client_id={client_id(app)}")
    press(page, "logout")
    expect(page).to_have_url(f"{app.signed_out}?state=signed+out")
    page.goto(app.sign_in_url(prompt="none"))
    expect(page.locator("#error")).to_have_text("login_required")


@spec("RP-Initiated Logout §2")
def test_sign_out_without_any_client_asks_and_says_goodbye(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/logout")
    on(page, "logout")
    assert_well_made(page)
    press(page, "logout")
    on(page, "logged-out")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert_well_made(page)
    page.goto(f"{house.issuer}/logout")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    assert_well_made(page)


def client_id(app: App) -> str:
    return app.oauth.idp.client_id


def test_errors_are_pages_with_a_way_on(house: House, page: Page, visitor: Watched):
    visitor.allow("status of 40")
    for path in (
        "/authorize",
        "/authorize?client_id=nobody&redirect_uri=https://evil.example",
        "/authorize/continue",
        "/consent",
        "/nothing-here",
        "/token",
    ):
        page.goto(house.issuer + path)
        if path == "/token":
            continue
        on(page, "error")
        expect(page.locator("#reference")).to_be_visible()
        expect(page.locator("main")).not_to_contain_text("evil")
        assert_well_made(page)


def test_a_passkey_is_added_from_the_account(house: House, username: str, page: Page):
    VirtualKey(page)
    sign_in_at(page, house, username, "/authenticators")
    press(page, "add-passkey")
    on(page, "enrol-passkey")
    page.locator("#create-passkey").click()
    on(page, "recovery-codes")
    press(page, "continue")
    on(page, "account-authenticators")
    expect(page.locator("#notice")).to_contain_text("Added.")
    expect(page.locator("#passkeys .rows > li")).to_have_count(1)
    assert_well_made(page)
    page.goto(f"{house.issuer}/account/password")
    on(page, "account-password")
