"""Passkeys in a real browser: what the pages do with its dialogues, and without them."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.passkeys import (
    NOTHING,
    REFUSED,
    VirtualKey,
    ask,
    press_and_touch,
    register,
    sign_out,
    signed_in,
)
from tests.browser.people import enter_password, go_back, on, path_of, press, tab_to
from tests.browser.relying_party import App
from tests.support.browser import Watched, watched
from tests.support.spec import spec

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(house: House) -> App:
    """An application of the operator's own, which asks for no consent."""
    return house.open_app("Example App", first_party=True)


@pytest.fixture
def key(page: Page) -> VirtualKey:
    """The tab's own device."""
    return VirtualKey(page)


@pytest.fixture
def ada(page: Page, app: App, username: str, key: VirtualKey) -> VirtualKey:
    """The device of somebody who has made a passkey, and is signed out again."""
    register(page, app, username)
    sign_out(page, app)
    return key


def test_a_button_does_what_the_name_field_does(page: Page, app: App, ada: VirtualKey):
    ask(page, app, ada)

    press_and_touch(page, ada)

    signed_in(page, "phr")


@spec("WebAuthn §7.2")
def test_a_device_that_does_not_recognise_its_user_signs_nobody_in_alone(
    page: Page, app: App, username: str, ada: VirtualKey
):
    ask(page, app, ada)
    ada.recognises(its_user=False)
    press_and_touch(page, ada)
    expect(page.locator("[data-passkey-status]")).to_contain_text(NOTHING)
    assert_well_made(page)

    enter_password(page, username, PASSWORD)
    on(page, "login-key")
    press_and_touch(page, ada, "use-key")
    signed_in(page, "phr")


def test_a_passkey_outlives_the_browser(
    browser: Browser, page: Page, app: App, username: str, ada: VirtualKey
):
    (held,) = ada.credentials()
    page.context.close()

    with watched(browser) as restarted:
        tab = restarted.page()
        VirtualKey(tab).take(held)
        tab.goto(app.sign_in_url())
        signed_in(tab, "phr")
        expect(tab.locator("#claim-preferred_username")).to_have_text(username)
        restarted.assert_clean()


_ASK = """options => navigator.credentials.get({
  publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)),
}).then(credential => JSON.stringify(credential.toJSON()), error => error.name)"""


@spec("WebAuthn §7.2", "WebAuthn §13.4.9")
def test_another_page_gets_no_proof_for_us(page: Page, app: App, username: str, ada: VirtualKey):
    """A page on our host's other port may ask by our RP ID; its origin gives it away."""
    ask(page, app, ada)
    form = page.locator("form[data-passkey]")
    options = form.get_attribute("data-options")
    ours = page.url
    ada.answers(at_once=True)

    page.goto(app.url.replace("localhost", "127.0.0.1"))
    assert page.evaluate(_ASK, options) == "SecurityError"
    page.goto(app.url)
    stolen = page.evaluate(_ASK, options)
    assert json.loads(stolen)["response"]["userHandle"]

    ada.answers(at_once=False)
    page.goto(ours)
    page.evaluate(
        """([options, credential]) => {
          const form = document.querySelector('form[data-passkey]');
          form.elements.credential.value = credential;
          form.submit();
        }""",
        [options, stolen],
    )
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)


def test_a_button_pressed_before_the_browser_offers_anything_keeps_its_dialogue(
    page: Page, app: App, username: str, ada: VirtualKey
):
    page.add_init_script(
        """PublicKeyCredential.isConditionalMediationAvailable =
          () => new Promise((say) => { window.tell = () => say(true); })"""
    )
    ask(page, app, ada)
    press(page, "use-passkey")
    expect(page.locator("#use-passkey")).to_have_attribute("aria-busy", "true")

    page.evaluate("window.tell()")
    page.wait_for_timeout(300)

    expect(page.locator("#use-passkey")).to_have_attribute("aria-busy", "true")


def test_a_dialogue_that_is_closed_leaves_the_page_as_it_was(
    page: Page, app: App, username: str, ada: VirtualKey
):
    (held,) = ada.credentials()
    ask(page, app, ada)
    ada.lose(held)
    ada.answers(at_once=True)
    press(page, "use-passkey")
    expect(page.locator("[data-passkey-status]")).to_contain_text(NOTHING)
    expect(page.locator("#use-passkey")).not_to_have_attribute("aria-busy", "true")

    ada.answers(at_once=False)
    ada.take(held)
    press_and_touch(page, ada)
    signed_in(page, "phr")


def test_back_from_the_application_leads_to_a_page_that_still_signs_in(
    page: Page, app: App, username: str, ada: VirtualKey, visitor: Watched
):
    visitor.allow("status of 4")
    ask(page, app, ada)
    press_and_touch(page, ada)
    signed_in(page, "phr")
    ada.answers(at_once=False)
    for _ in range(6):
        go_back(page)
        if page.url.startswith("http") and path_of(page).startswith("/login"):
            break
    on(page, "login")

    page.wait_for_timeout(300)
    press_and_touch(page, ada)

    expect(page.locator("#page-login")).to_be_hidden()


def test_a_page_that_the_browser_kept_can_be_sent_again(page: Page, app: App, ada: VirtualKey):
    """The form went nowhere, and Back brought the page as it was, scripts and all."""
    ask(page, app, ada)
    page.route("**/login/passkey", lambda route: route.fulfill(status=204), times=1)
    with page.expect_request("**/login/passkey"):
        press_and_touch(page, ada)
    ada.answers(at_once=False)

    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    press_and_touch(page, ada)

    signed_in(page, "phr")


def test_a_button_pressed_twice_sends_one_form(page: Page, app: App, ada: VirtualKey):
    ask(page, app, ada)
    posts: list[str] = []
    page.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    ada.answers(at_once=True)
    page.locator("#use-passkey").dblclick()
    signed_in(page, "phr")
    assert len([url for url in posts if url.endswith("/login/passkey")]) == 1


def test_passkeys_need_no_mouse(page: Page, app: App, username: str, key: VirtualKey):
    page.goto(app.sign_in_url())
    on(page, "login")
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    on(page, "enrol")
    tab_to(page, "#create-passkey")
    page.keyboard.press("Enter")
    on(page, "recovery-codes")
    tab_to(page, "#continue")
    page.keyboard.press("Enter")
    signed_in(page, "mfa")
    sign_out(page, app)

    ask(page, app, key)
    tab_to(page, "#use-passkey")
    key.answers(at_once=True)
    page.keyboard.press("Enter")
    signed_in(page, "phr")


def test_without_scripts_a_password_and_another_way_still_do(
    app: App, username: str, without_scripts: Page, ada: VirtualKey
):
    tab = without_scripts
    tab.goto(app.sign_in_url())
    on(tab, "login")
    expect(tab.locator("#use-passkey")).to_be_hidden()
    enter_password(tab, username, PASSWORD)
    on(tab, "login-key")
    expect(tab.locator("#use-key")).to_be_hidden()
    expect(tab.locator("[data-passkey-missing]")).to_be_visible()
    press(tab, "use-recovery")
    on(tab, "login-recovery")


def test_every_page_that_asks_for_a_passkey_is_well_made(
    house: House, page: Page, app: App, username: str, key: VirtualKey
):
    key.answers(at_once=False)
    page.goto(app.sign_in_url())
    on(page, "login")
    expect(page.locator("#use-passkey")).to_be_visible()
    assert_well_made(page)
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    expect(page.locator("#create-passkey")).to_be_visible()
    assert_well_made(page)
    press_and_touch(page, key, "create-passkey")
    on(page, "recovery-codes")
    key.answers(at_once=False)
    press(page, "continue")
    signed_in(page, "mfa")
    page.goto(app.sign_in_url(prompt="login"))
    on(page, "login")
    expect(page.locator("main")).to_contain_text(username)
    assert_well_made(page)
    enter_own_password(page)
    on(page, "login-key")
    assert_well_made(page)
    page.goto(f"{house.issuer}/account/authenticators")
    press(page, "add-passkey")
    on(page, "enrol-passkey")
    assert_well_made(page)


def enter_own_password(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
