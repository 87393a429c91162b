"""Passkeys in a real browser, on each kind of database: bind, sign in, and be refused."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from idp.credentials import passkeys
from idp.store import users
from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.passkeys import (
    NOTHING,
    REFUSED,
    VirtualKey,
    ask,
    device_with,
    events,
    house_on,
    press_and_touch,
    register,
    sign_out,
    signed_in,
)
from tests.browser.people import enter_password, on, press
from tests.browser.relying_party import App
from tests.support.spec import spec

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("passkeys in a browser")]


@pytest.fixture(scope="module")
def house(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A provider for these tests on each kind of database."""
    with house_on(database_kind, tmp_path_factory.mktemp("house")) as made:
        yield made


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


@spec("WebAuthn §7.1", "WebAuthn §7.2")
def test_a_passkey_is_made_at_sign_in_and_offered_by_the_name_field(
    house: House, app: App, page: Page, username: str, key: VirtualKey
):
    register(page, app, username)
    sign_out(page, app)

    page.goto(app.sign_in_url())  # nothing is pressed: the browser's list is all there is

    signed_in(page, "phr")
    expect(page.locator("#claim-preferred_username")).to_have_text(username)
    assert events(house, username, "session.opened") == ["session.opened"] * 2


def test_a_passkey_is_the_second_step_after_a_password(
    page: Page, app: App, username: str, ada: VirtualKey
):
    ask(page, app, ada)
    enter_password(page, username, PASSWORD)
    on(page, "login-key")

    press_and_touch(page, ada, "use-key")

    expect(page.locator("#claim-amr")).to_have_text("mfa pop pwd user")


@spec("WebAuthn §5.4")
def test_an_account_has_several_but_no_device_twice(
    house: House, page: Page, app: App, username: str, key: VirtualKey
):
    register(page, app, username)
    page.goto(f"{house.issuer}/account/authenticators")
    press(page, "add-passkey")
    on(page, "enrol-passkey")
    press(page, "create-passkey")
    expect(page.locator("[data-passkey-status]")).to_contain_text(
        "holds a passkey for your account"
    )
    assert_well_made(page)

    (held,) = key.credentials()
    key.unplug()
    second = VirtualKey(page, transport="usb")
    page.locator("#name").fill("The blue one")
    press(page, "create-passkey")
    expect(page.locator("main")).to_contain_text("The blue one")
    assert len(second.credentials()) == 1
    assert held["credentialId"] != second.credentials()[0]["credentialId"]

    sign_out(page, app)
    page.goto(app.sign_in_url())
    press(page, "use-passkey")  # what has to be plugged in first is in no list
    signed_in(page, "phr")


def test_a_security_key_without_a_pin_is_a_second_step(
    house: House, page: Page, app: App, username: str
):
    VirtualKey.security_key(page)
    page.goto(app.sign_in_url(acr_values="phr"))
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "skip")
    signed_in(page, "sfa")
    page.goto(f"{house.issuer}/account/authenticators")
    press(page, "add-passkey")
    on(page, "enrol-passkey")
    press(page, "other-kind")
    expect(page.locator("h1")).to_contain_text("security key")
    assert_well_made(page)
    press(page, "create-passkey")
    on(page, "recovery-codes")
    press(page, "continue")
    sign_out(page, app)

    page.goto(app.sign_in_url())
    press(page, "use-passkey")
    expect(page.locator("[data-passkey-status]")).to_contain_text(NOTHING)
    enter_password(page, username, PASSWORD)
    on(page, "login-key")
    press(page, "use-key")
    signed_in(page, "phr")


@spec("WebAuthn §6.1.1", "WebAuthn §7.2")
def test_a_copy_whose_counter_ran_behind_is_refused_and_the_owner_goes_on(
    house: House, page: Page, app: App, username: str, ada: VirtualKey
):
    (held,) = ada.credentials()
    page.goto(app.sign_in_url())
    signed_in(page, "phr")
    sign_out(page, app)
    (newer,) = ada.credentials()
    assert newer["signCount"] > held["signCount"]
    ada.unplug()

    copy = device_with(page, held, sign_count=0)
    page.goto(app.sign_in_url())
    press_and_touch(page, copy)
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)
    assert_well_made(page)
    assert len(copy.credentials()) == 1, "it is good, so the browser must not forget it"
    assert events(house, username, "passkey.suspected") == ["passkey.suspected"]
    copy.unplug()

    owner = device_with(page, newer, sign_count=newer["signCount"] + 10)
    page.goto(app.sign_in_url())
    press_and_touch(page, owner)
    signed_in(page, "phr")


@spec("WebAuthn §13.4.3")
def test_what_was_sent_once_is_worth_nothing_again(
    house: House, page: Page, app: App, username: str, ada: VirtualKey
):
    sent: list[Request] = []
    page.on("request", lambda r: sent.append(r) if path_of_url(r) == "/login/passkey" else None)
    page.goto(app.sign_in_url())
    signed_in(page, "phr")
    (form,) = [each for each in sent if each.method == "POST"]
    secret = {c["name"]: c["value"] for c in page.context.cookies(house.issuer)}
    sessions = events(house, username, "session.opened", "session.proved")

    again = page.context.request.post(
        form.url,
        data=form.post_data or "",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert REFUSED in again.text()
    assert {c["name"]: c["value"] for c in page.context.cookies(house.issuer)} == secret
    assert events(house, username, "session.opened", "session.proved") == sessions
    assert events(house, username, "login.failed") == []


def path_of_url(request: Request) -> str:
    return "/" + request.url.split("/", 3)[3].partition("?")[0]


def test_a_passkey_that_was_removed_is_refused_and_forgotten(
    house: House, page: Page, app: App, username: str, ada: VirtualKey
):
    with house.staff.context() as ctx:
        user = users.find_by_username(ctx.db, username)
        (held,) = passkeys.list_for(ctx, user.id)
        passkeys.remove(ctx, user.id, held.id)

    ask(page, app, ada)
    press_and_touch(page, ada)
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)
    assert_well_made(page)
    page.wait_for_timeout(200)
    assert ada.credentials() == [], "the browser offers it no more"

    enter_password(page, username, PASSWORD)
    on(page, "enrol")


def test_two_tabs_that_sign_in_both_go_on_in_one_session(
    house: House, page: Page, app: App, username: str, ada: VirtualKey
):
    (held,) = ada.credentials()
    other = page.context.new_page()
    second = device_with(other, held, sign_count=held["signCount"] + 50)
    ask(page, app, ada)
    other.goto(app.sign_in_url())
    on(other, "login")
    before = len(events(house, username, "session.opened"))

    press_and_touch(page, ada)
    signed_in(page, "phr")
    press_and_touch(other, second)
    signed_in(other, "phr")

    assert len(events(house, username, "session.opened")) == before + 1
    assert events(house, username, "session.proved") == ["session.proved"]
