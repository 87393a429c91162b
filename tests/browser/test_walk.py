"""The spine of the house: an application signs a person in, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.app import PASSWORD
from tests.browser.conftest import House
from tests.browser.inspection import assert_well_made
from tests.browser.people import enrol, enter_code, enter_password, on, press
from tests.support.spec import spec

pytestmark = pytest.mark.browser


@pytest.mark.xdist_group("walk")
def test_a_person_walks_from_the_client_and_back(fresh_house: House, page: Page):
    fresh_house.staff.add_user("ada")
    first = fresh_house.open_app("Example App")
    second = fresh_house.open_app("Another App")

    page.goto(first.url)
    press(page, "app-sign-in")
    on(page, "login")
    assert_well_made(page)
    enter_password(page, "ada", PASSWORD)
    on(page, "enrol")
    assert_well_made(page)
    phone, codes = enrol(page)
    assert_well_made(page)
    assert len(codes) == 10
    press(page, "continue")
    on(page, "consent")
    expect(page.locator("main")).to_contain_text("Ada Example")
    expect(page.locator("main")).to_contain_text("ada@example.test")
    assert_well_made(page)
    press(page, "allow")
    expect(page.locator("#claim-name")).to_have_text("Ada Example")
    expect(page.locator("#claim-email")).to_have_text("ada@example.test")
    expect(page.locator("#claim-acr")).to_have_text("mfa")
    expect(page.locator("#claim-amr")).to_contain_text("otp")

    page.goto(second.url)
    press(page, "app-sign-in")
    on(page, "consent")  # another application, so another question; but no sign-in
    press(page, "allow")
    expect(page.locator("#claim-name")).to_have_text("Ada Example")
    page.context.clear_cookies(name=f"app_{second.port}")
    page.goto(second.sign_in_url(prompt="none"))
    expect(page.locator("#claim-name")).to_have_text("Ada Example")

    page.goto(first.url)
    press(page, "app-sign-out")
    expect(page).to_have_url(f"{first.signed_out}?state=signed+out")
    page.goto(second.sign_in_url(prompt="none"))
    expect(page.locator("#error")).to_have_text("login_required")

    page.goto(first.url)
    press(page, "app-sign-in")
    enter_password(page, "ada", PASSWORD)
    on(page, "login-code")
    assert_well_made(page)
    enter_code(page, phone.code())
    expect(page.locator("#claim-name")).to_have_text("Ada Example")
