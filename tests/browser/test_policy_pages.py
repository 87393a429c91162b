"""What the policy asks, refuses and ends: by keyboard, in small windows, and without scripts."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import PASSWORD
from tests.browser.inspection import assert_well_made
from tests.browser.people import enter_password, on, press, send_code, tab_to
from tests.browser.places import AWAY, HOME, Place, a_phone, at, elsewhere, sign_in
from tests.browser.relying_party import App
from tests.session_walks import opened_place
from tests.support.browser import Watched, watched
from tests.support.smtp import smtp_server
from tests.support.spec import spec

pytestmark = pytest.mark.browser

_COVERED = """() => {
  const focused = document.activeElement.getBoundingClientRect();
  const bar = document.getElementById('session-end').getBoundingClientRect();
  const inBar = document.getElementById('session-end').contains(document.activeElement);
  return !inBar && focused.height > 0 && focused.top >= bar.top;
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with smtp_server() as server:
        names = {"IDP_SMTP_URL": server.url, "IDP_MAIL_FROM": "id@example.test"}
        with opened_place(tmp_path_factory.mktemp("place"), server, names) as made:
            yield made


@pytest.fixture(scope="module")
def app(place: Place) -> App:
    """An application whose name is longer than a telephone is wide."""
    name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk Administration & Friends"
    legal = {"policy_uri": "https://example.com/privacy", "tos_uri": "https://example.com/terms"}
    return place.house.open_app(name, first_party=True, **legal)


@contextmanager
def plainly(browser: Browser, address: str = HOME) -> Iterator[Page]:
    """A tab of somebody else's browser that runs no scripts."""
    headers = at(address)
    with watched(browser, java_script_enabled=False, extra_http_headers=headers) as person:
        yield person.page()
        person.assert_clean()


def a_person(place: Place, *groups: str) -> str:
    name = f"ada-{secrets.token_hex(3)}"
    place.house.staff.add_user(name, groups=list(groups))
    return name


def signed_in(page: Page, place: Place, *groups: str) -> str:
    name = a_person(place, *groups)
    page.context.set_extra_http_headers(at(HOME))
    sign_in(page, place.house, name)
    return name


def test_a_refusal_says_what_was_right_and_why_and_leads_back(
    place: Place, app: App, page: Page, visitor: Watched
):
    visitor.allow("status of 403")
    username = a_person(place, "payroll")
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)

    on(page, "login-refused")
    expect(page.locator("#message")).to_contain_text("What you entered is right")
    expect(page.locator("#reason")).to_have_text(
        "Payroll is open to browsers that have been used for it before."
    )
    assert_well_made(page)
    tab_to(page, "#back")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#error")).to_have_text("access_denied")


def test_each_reason_for_the_second_step_is_a_line(
    place: Place, app: App, page: Page, browser: Browser
):
    username = signed_in(page, place)
    a_phone(place.house, username)
    with elsewhere(browser, AWAY) as person:
        other = person.page()
        other.goto(app.sign_in_url())
        enter_password(other, username, PASSWORD)
        on(other, "login-code")
        lines = other.locator("#reason li").all_inner_texts()
        assert "This browser is new to us." in lines
        assert len(lines) == 2
        expect(other.locator("#reason")).to_contain_text("This time you stay signed in for")
        assert_well_made(other)


def test_who_sets_up_a_step_for_a_rule_reads_why(place: Place, app: App, page: Page):
    signed_in(page, place, "ledger")
    page.goto(app.sign_in_url())
    on(page, "enrol")
    expect(page.locator("#reason")).to_contain_text("The rules of this service ask for a surer")
    assert_well_made(page)


def test_without_scripts_a_challenge_is_answered_and_leads_on(
    place: Place, app: App, without_scripts: Page
):
    page = without_scripts
    username = a_person(place)
    phone = a_phone(place.house, username)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    send_code(page, phone.code(), "verify")
    page.locator("#claim-sub").wait_for()
    page.context.clear_cookies(name="idp_device")
    page.goto(f"{place.house.issuer}/account/devices")

    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("does not seem to be the browser")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "login-code")
    send_code(page, phone.code(), "verify")
    on(page, "account-devices")


def test_without_scripts_one_session_makes_room_for_another(
    place: Place, app: App, page: Page, browser: Browser
):
    username = signed_in(page, place, "keepers")
    with plainly(browser) as other:
        other.goto(app.sign_in_url())
        enter_password(other, username, PASSWORD)
        on(other, "login-room")
        expect(other.locator("#sessions")).to_contain_text("on Linux")
        press(other, "make-room")
        other.locator("#claim-sub").wait_for()
    page.goto(f"{place.house.issuer}/account")
    on(page, "login")


def test_where_one_session_of_two_ends_the_page_is_well_made_and_taken_by_keyboard(
    place: Place, page: Page, browser: Browser
):
    username = signed_in(page, place, "wardens")
    with elsewhere(browser, HOME) as second, elsewhere(browser, AWAY) as third:
        for person in (second, third):
            tab = person.page()
            tab.goto(f"{place.house.issuer}/account")
            enter_password(tab, username, PASSWORD)
        on(tab, "login-room")
        assert_well_made(tab)
        tab_to(tab, "#make-room")
        tab.keyboard.press("Enter")
        on(tab, "account")
    page.reload()
    on(page, "login")


@spec("WCAG 2.2 §2.4.11")
def test_the_bar_before_the_end_covers_nothing_that_has_the_focus(place: Place, page: Page):
    signed_in(page, place, "counter")
    page.goto(f"{place.house.issuer}/account/profile")
    on(page, "account-profile")
    expect(page.locator("#session-end")).to_be_visible()
    for size in ({"width": 1280, "height": 720}, {"width": 320, "height": 640}):
        page.set_viewport_size(size)
        page.locator("h1").click()
        for _ in range(24):
            page.keyboard.press("Tab")
            assert not page.evaluate(_COVERED), page.evaluate("document.activeElement.outerHTML")
            if page.locator("#stay:focus").count():
                break
        else:
            pytest.fail("the bar's button is not reached")
    assert_well_made(page)
