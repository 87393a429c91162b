"""The account page, and the ways out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.people import enrol, enter_code, enter_password, go_back, on, press
from tests.browser.relying_party import App
from tests.support.browser import Watched
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


def test_the_account_page_tells_what_is_there(house: House, app: App, username: str, page: Page):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
    on(page, "account")
    main = page.locator("main")
    expect(main).to_contain_text("Ada Example")
    expect(main).to_contain_text("Protected by one step")
    expect(main).to_contain_text(re.compile(r"Chrom\w+ on "))
    expect(main).to_contain_text("127.0.0.1")
    expect(main).to_contain_text("Example App")
    assert_well_made(page)


def test_an_authenticator_is_added_and_removed(house: House, app: App, username: str, page: Page):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
    press(page, "add-authenticator")
    phone, codes = enrol(page)
    press(page, "continue")
    on(page, "account")
    expect(page.locator("#security")).to_contain_text("Protected by two steps")
    expect(page.locator("#recovery-left")).to_have_text("10 codes left")
    assert_well_made(page)

    press(page, "regenerate-codes")
    on(page, "recovery-codes")
    assert not set(codes) & set(page.locator("#codes li").all_inner_texts())
    assert_well_made(page)
    press(page, "continue")
    on(page, "account")

    press(page, "sign-out")
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    page.goto(f"{house.issuer}/account")
    page.get_by_role("button", name="Remove Authenticator app").click()
    expect(page.locator("#notice")).to_contain_text("removed")
    expect(page.locator("#security")).to_contain_text("Protected by one step")
    assert_well_made(page)


def test_a_connection_is_taken_back_and_asked_for_again(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    page.goto(f"{house.issuer}/account")
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
