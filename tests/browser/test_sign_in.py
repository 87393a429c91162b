"""The ways through the sign-in pages: wrong turns, back, no mouse, no scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.people import (
    Phone,
    enrol,
    enter_code,
    enter_password,
    go_back,
    on,
    path_of,
    press,
    send_code,
    tab_to,
)
from tests.browser.relying_party import App
from tests.support.browser import Watched
from tests.support.spec import spec

pytestmark = pytest.mark.browser


def sign_in(page: Page, app: App, username: str) -> tuple[Phone, list[str]]:
    """Sign in for the first time, with everything that is asked then."""
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    found = enrol(page)
    press(page, "continue")
    on(page, "consent")
    press(page, "allow")
    expect(page.locator("#claim-preferred_username")).to_have_text(username)
    return found


def sign_out(page: Page, app: App) -> None:
    page.goto(app.url)
    press(page, "app-sign-out")
    expect(page.locator("#nobody")).to_be_visible()


def test_a_wrong_password_is_told_and_can_be_corrected(app: App, username: str, page: Page):
    page.goto(app.sign_in_url())
    enter_password(page, username, "not this one at all")
    on(page, "login")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("Email or user name")).to_have_value(username)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert_well_made(page)
    enter_password(page, username, PASSWORD)
    on(page, "enrol")


def test_an_unknown_name_is_told_the_same(app: App, username: str, page: Page):
    page.goto(app.sign_in_url())
    enter_password(page, username, "not this one at all")
    on(page, "login")
    known = page.get_by_role("alert").inner_text()
    enter_password(page, f"{username}-unknown", "not this one at all")
    expect(page.get_by_label("Email or user name")).to_have_value(f"{username}-unknown")
    assert page.get_by_role("alert").inner_text() == known


def test_the_next_sign_in_asks_password_and_code(app: App, username: str, page: Page):
    phone, _ = sign_in(page, app, username)
    sign_out(page, app)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.wrong_code())
    expect(page.get_by_role("alert")).to_contain_text("not right")
    expect(page.locator("#code")).to_be_focused()
    assert_well_made(page)
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")


def test_a_code_may_be_pasted_with_a_space(app: App, username: str, page: Page):
    phone, _ = sign_in(page, app, username)
    sign_out(page, app)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    code = phone.code()
    page.locator("#code").fill(f"{code[:3]} {code[3:]}")
    expect(page.locator("#claim-acr")).to_have_text("mfa")


def test_a_recovery_code_works_once(app: App, username: str, page: Page):
    _, codes = sign_in(page, app, username)
    for attempt in ("first", "second"):
        sign_out(page, app)
        page.goto(app.sign_in_url())
        enter_password(page, username, PASSWORD)
        on(page, "login-code")
        press(page, "use-recovery")
        on(page, "login-recovery")
        assert_well_made(page)
        page.get_by_label("Recovery code").fill(codes[0].lower().replace("-", " "))
        press(page, "use-recovery-code")
        if attempt == "first":
            expect(page.locator("#claim-acr")).to_have_text("mfa")
    expect(page.get_by_role("alert")).to_contain_text("not one of your unused recovery codes")
    expect(page.get_by_label("Recovery code")).to_be_focused()
    assert_well_made(page)
    page.get_by_label("Recovery code").fill(codes[1])
    press(page, "use-recovery-code")
    expect(page.locator("#claim-acr")).to_have_text("mfa")


def test_a_wrong_first_code_keeps_the_key(app: App, username: str, page: Page):
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    key = page.locator("#manual-key").text_content()
    phone = Phone(key)
    enter_code(page, phone.wrong_code())
    expect(page.get_by_role("alert")).to_contain_text("not right")
    expect(page.locator("#manual-key")).to_have_text(key)
    assert_well_made(page)
    enter_code(page, phone.code())
    on(page, "recovery-codes")


def test_an_authenticator_can_wait(app: App, username: str, page: Page):
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "skip")
    on(page, "consent")
    press(page, "allow")
    expect(page.locator("#claim-acr")).to_have_text("sfa")
    sign_out(page, app)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    expect(page.locator("#claim-acr")).to_have_text("sfa")  # it is not offered again at once


@spec("RFC 6749 §4.1.2.1")
def test_whoever_cancels_goes_back_to_the_client(app: App, username: str, page: Page):
    page.goto(app.sign_in_url())
    on(page, "login")
    page.get_by_role("button", name="Cancel and return to Example App").click()
    expect(page.locator("#error")).to_have_text("access_denied")

    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    press(page, "skip")
    on(page, "consent")
    press(page, "deny")
    expect(page.locator("#error")).to_have_text("access_denied")

    page.goto(app.sign_in_url(prompt="select_account"))
    on(page, "select-account")
    press(page, "cancel")
    expect(page.locator("#error")).to_have_text("access_denied")


def test_a_second_step_can_be_cancelled(app: App, username: str, page: Page):
    sign_in(page, app, username)
    sign_out(page, app)
    for way in ("code", "recovery"):
        page.goto(app.sign_in_url())
        enter_password(page, username, PASSWORD)
        on(page, "login-code")
        if way == "recovery":
            press(page, "use-recovery")
            on(page, "login-recovery")
        press(page, "cancel")
        expect(page.locator("#error")).to_have_text("access_denied")
    page.goto(app.sign_in_url(prompt="none"))
    expect(page.locator("#error")).to_have_text("login_required")  # half a sign-in is none


@spec("OIDC Core §3.1.2.1")
def test_an_account_is_chosen_when_the_client_asks(
    house: House, app: App, username: str, page: Page
):
    sign_in(page, app, username)
    other = f"{username}-other"
    house.staff.add_user(other)

    page.goto(app.sign_in_url(prompt="select_account"))
    on(page, "select-account")
    assert_well_made(page)
    press(page, "account-1")
    expect(page.locator("#claim-preferred_username")).to_have_text(username)

    page.goto(app.sign_in_url(prompt="select_account"))
    press(page, "account-other")
    enter_password(page, other, PASSWORD)
    press(page, "skip")
    on(page, "consent")
    press(page, "allow")
    expect(page.locator("#claim-preferred_username")).to_have_text(other)


@spec("OIDC Core §3.1.2.1")
def test_a_client_may_ask_for_a_fresh_sign_in(app: App, username: str, page: Page):
    phone, _ = sign_in(page, app, username)
    page.goto(app.sign_in_url(prompt="login"))
    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("Example App asks you to confirm")
    expect(page.locator("main")).to_contain_text(username)
    assert_well_made(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    on(page, "login-code")
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")


@spec("OIDC Core §3.1.2.1")
def test_max_age_and_login_hint_reach_the_page(app: App, username: str, page: Page):
    page.goto(app.sign_in_url(login_hint=username))
    on(page, "login")
    expect(page.get_by_label("Email or user name")).to_have_value(username)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()


def test_nothing_needs_a_mouse(app: App, username: str, page: Page):
    page.goto(app.url)
    tab_to(page, "#app-sign-in")
    page.keyboard.press("Enter")
    on(page, "login")
    expect(page.locator("#identifier")).to_be_focused()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    on(page, "enrol")
    tab_to(page, "#code")
    phone = Phone(page.locator("#manual-key").text_content())
    page.keyboard.type(phone.code())
    on(page, "recovery-codes")
    tab_to(page, "#continue")
    page.keyboard.press("Enter")
    on(page, "consent")
    tab_to(page, "#allow")
    page.keyboard.press("Enter")
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    sign_out(page, app)
    page.goto(app.sign_in_url(prompt="select_account"))
    on(page, "login")
    page.keyboard.type(username)
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    tab_to(page, "#sign-in")
    page.keyboard.press("Space")
    on(page, "login-code")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    page.goto(app.sign_in_url(prompt="select_account"))
    on(page, "select-account")
    tab_to(page, "#account-1")
    page.keyboard.press("Enter")
    expect(page.locator("#claim-acr")).to_have_text("mfa")


@spec("ASVS 6.2.6")
def test_the_password_can_be_looked_at(app: App, page: Page):
    page.goto(app.sign_in_url())
    on(page, "login")
    password = page.locator("#password")
    password.fill("seen")
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    expect(password).to_be_focused()
    page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")


def test_nothing_needs_scripts(app: App, username: str, without_scripts: Page):
    page = without_scripts
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    page.get_by_text("Type the key by hand").click()
    phone = Phone(page.locator("#manual-key").inner_text())
    send_code(page, phone.code(), "confirm")
    on(page, "recovery-codes")
    codes = page.locator("#codes li").all_inner_texts()
    expect(page.get_by_role("button")).to_have_count(0)  # copying and printing needs scripts
    press(page, "continue")
    on(page, "consent")
    press(page, "allow")
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    sign_out(page, app)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    send_code(page, phone.code(), "verify")
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    page.goto(app.sign_in_url(prompt="login"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    press(page, "use-recovery")
    page.get_by_label("Recovery code").fill(codes[0])
    press(page, "use-recovery-code")
    expect(page.locator("#claim-acr")).to_have_text("mfa")


@spec("OAuth 2.0 Form Post Response Mode §2")
def test_the_answer_may_come_as_a_form(app: App, username: str, page: Page):
    sign_in(page, app, username)
    sign_out(page, app)
    page.goto(app.sign_in_url(response_mode="form_post", prompt="none"))
    expect(page.locator("#error")).to_have_text("login_required")
    sign_in_again = app.sign_in_url(response_mode="form_post")
    page.goto(sign_in_again)
    press(page, "cancel")
    expect(page.locator("#error")).to_have_text("access_denied")


@spec("OAuth 2.0 Form Post Response Mode §2")
def test_the_form_goes_by_itself_after_consent(app: App, username: str, page: Page):
    page.goto(app.sign_in_url(response_mode="form_post"))
    enter_password(page, username, PASSWORD)
    press(page, "skip")
    on(page, "consent")
    press(page, "allow")
    expect(page.locator("#claim-acr")).to_have_text("sfa")


@spec("OAuth 2.0 Form Post Response Mode §2")
def test_without_scripts_a_button_sends_the_form(app: App, username: str, without_scripts: Page):
    page = without_scripts
    page.goto(app.sign_in_url(response_mode="form_post"))
    enter_password(page, username, PASSWORD)
    press(page, "skip")
    on(page, "consent")
    press(page, "allow")
    on(page, "form-post")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#claim-acr")).to_have_text("sfa")


def test_the_sign_in_page_stands_without_a_client(house: House, username: str, page: Page):
    page.goto(f"{house.issuer}/login")
    on(page, "login")
    assert_well_made(page)
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    assert_well_made(page)
    press(page, "skip")
    on(page, "account")
    assert path_of(page) == "/account"


def test_a_page_pressed_twice_sends_one_form(app: App, username: str, page: Page):
    page.goto(app.sign_in_url())
    posts = []
    page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    page.locator("#identifier").fill(username)
    page.locator("#password").fill(PASSWORD)
    page.locator("#sign-in").dblclick()
    on(page, "enrol")
    assert len(posts) == 1


def test_back_never_leads_to_a_dead_end(
    house: House, app: App, username: str, page: Page, visitor: Watched
):
    visitor.allow("status of 4")
    sign_in(page, app, username)
    seen = set()
    for _ in range(12):
        go_back(page)
        if page.url.startswith(house.issuer):
            seen.add(path_of(page))
            assert_well_made(page)
        elif seen and not page.url.startswith(app.url):
            break
    assert {"/login", "/consent"} <= seen


def test_the_sign_in_page_of_before_still_leads_on(
    house: House, app: App, username: str, page: Page, visitor: Watched
):
    visitor.allow("status of 400")
    phone, _ = sign_in(page, app, username)
    page.goto(app.sign_in_url(prompt="login"))
    old = page.url
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "login-code")
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")

    page.goto(old)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "login-code")
    enter_code(page, phone.code())
    on(page, "error")  # the client has had its answer
    assert_well_made(page)
    page.locator("main a").first.click()
    on(page, "account")


def test_a_lost_step_begins_again(
    house: House, app: App, username: str, page: Page, without_scripts: Page
):
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    without_scripts.goto(page.url)  # another browser
    on(without_scripts, "login")
    expect(without_scripts.locator("#reason")).to_contain_text("Please start again")
