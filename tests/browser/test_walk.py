"""The spine of the house: an application signs a person in, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo
from tests.browser.house import MASTER_KEY
from tests.browser.inspection import assert_accessible, assert_well_made
from tests.browser.people import enrol, enter_code, enter_password, on, press
from tests.support.spec import spec

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(empty_database_url: str, tmp_path: Path) -> Iterator[Demo]:
    """The demo on a database that it has to prepare itself; once for each kind."""
    environment = {"IDP_DATABASE_URL": empty_database_url, "IDP_MASTER_KEY": MASTER_KEY}
    with Demo(tmp_path, environment) as running:
        yield running


@spec("OIDC Core §3.1.2", "RP-Initiated Logout §2")
def test_a_person_walks_through_the_demo(demo: Demo, page: Page):
    page.goto(demo.client)
    assert_accessible(page)
    press(page, "sign-in")
    on(page, "login")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Demo notes")
    assert_well_made(page)
    enter_password(page, demo.username, demo.password)
    on(page, "enrol")
    assert_well_made(page)
    phone, codes = enrol(page)
    assert_well_made(page)
    assert len(set(codes)) == 10
    press(page, "continue")
    on(page, "consent")
    expect(page.locator("main")).to_contain_text("Alex Robin Morgan")
    expect(page.locator("main")).to_contain_text("alex.morgan@example.com")
    assert_well_made(page)
    press(page, "allow")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Alex Robin Morgan")
    expect(page.locator("#userinfo")).to_contain_text("alex.morgan@example.com")
    expect(page.locator("#id-token")).to_contain_text("mfa")
    assert_accessible(page)

    # The second client, without a prompt.
    press(page, "second")
    press(page, "sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Alex Robin Morgan")
    press(page, "silent")
    expect(page.locator("#notice")).to_contain_text("still signed in")

    press(page, "first")
    press(page, "sign-out")
    expect(page.locator("#notice")).to_contain_text("signed out")
    press(page, "silent")
    expect(page.locator("#error-code")).to_have_text("login_required")
    press(page, "second")
    press(page, "silent")
    expect(page.locator("#error-code")).to_have_text("login_required")

    press(page, "sign-in")
    enter_password(page, demo.username, demo.password)
    on(page, "login-code")
    assert_well_made(page)
    enter_code(page, phone.code())
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Alex Robin Morgan")
    press(page, "again")
    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("Demo calendar asks you to confirm")
