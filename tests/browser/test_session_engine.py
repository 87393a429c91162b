"""The session engine as people meet it: limits that fit and say why, and an end that is the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import PASSWORD
from tests.browser.demo import DemoApp
from tests.browser.house import House, opened_house
from tests.browser.inspection import assert_well_made
from tests.browser.people import enter_code, enter_password, on, press
from tests.browser.places import (
    AWAY,
    CHROME,
    HOME,
    MOBILE,
    Place,
    a_phone,
    at,
    cookie,
    copied,
    elsewhere,
    look_until,
    sign_in,
    sign_in_again,
)
from tests.browser.relying_party import App
from tests.support.smtp import smtp_server
from tests.support.spec import spec

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
NEW_PASSWORD = "seven otters under brickwork"
POLICY = """
[[rules]]
name = "one desk"
when.groups = ["wardens"]
then = { sessions = 1, at_limit = "end_oldest" }

[[rules]]
name = "one desk that is kept"
when.groups = ["keepers"]
then = { sessions = 1, at_limit = "refuse_new" }
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("engine")
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    with smtp_server() as server:
        environment = {
            "IDP_SMTP_URL": server.url,
            "IDP_MAIL_FROM": "id@example.test",
            "IDP_POLICY_FILE": str(policy),
            "IDP_TRUSTED_PROXIES": "1",
        }
        with opened_house(folder, **environment) as house:
            yield Place(house, server)


@pytest.fixture
def house(place: Place) -> House:
    return place.house


@pytest.fixture(scope="module")
def app(place: Place) -> App:
    return place.house.open_app("Example App", first_party=True)


@spec("NIST SP 800-63B-4 §2.2.3")
def test_a_new_browser_is_asked_for_more_and_its_session_is_shorter_and_says_why(
    place: Place, house: House, page: Page, browser: Browser
):
    username = place.add_user()
    phone = a_phone(house, username)
    page.context.set_extra_http_headers(at(HOME))
    page.goto(f"{house.issuer}/account/devices")
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.code())
    on(page, "account-devices")

    with elsewhere(browser, AWAY) as person:
        other = person.page()
        other.goto(f"{house.issuer}/account/devices")
        enter_password(other, username, PASSWORD)
        on(other, "login-code")
        expect(other.locator("main")).to_contain_text("This browser is new to us")
        assert_well_made(other)
        enter_code(other, phone.code())
        on(other, "account-devices")
        here = other.locator("#this-session")
        expect(here).to_contain_text("Sooner than usual")
        assert_well_made(other)
    letter = place.letter(username, "A new browser signed in to your account")
    assert "Firefox on Windows" in letter.text


@spec("NIST SP 800-63B-4 §2.2.3")
def test_whoever_was_away_for_too_long_comes_back_in_the_same_browser_by_one_factor(
    place: Place, house: House, app: App, page: Page
):
    username = place.add_user()
    phone = a_phone(house, username)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")
    place.later(username, hours=2)

    page.goto(app.sign_in_url(prompt="none"))
    expect(page.locator("#error")).to_have_text("login_required")
    page.goto(f"{house.issuer}/account")
    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("nothing was done here for a while")
    assert_well_made(page)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)

    expect(page.locator("#claim-acr")).to_have_text("mfa")
    page.goto(f"{house.issuer}/account/devices")
    expect(page.locator("#sessions > li")).to_have_count(1)
    assert_well_made(page)


@spec("NIST SP 800-63B-4 §2.2.3", "ASVS 5.0 §7.3.2")
def test_a_session_ends_in_any_case_however_much_it_is_used(
    place: Place, house: House, app: App, page: Page
):
    username = place.add_user()
    phone = a_phone(house, username)
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.code())
    expect(page.locator("#claim-acr")).to_have_text("mfa")
    for _ in range(20):
        place.later(username, minutes=20)
        page.goto(app.sign_in_url(prompt="none"))
        if page.locator("#error").count():
            break
    expect(page.locator("#error")).to_have_text("login_required")

    page.goto(f"{house.issuer}/account")
    on(page, "login")
    expect(page.locator("#reason")).to_contain_text("for as long as one may be")
    assert_well_made(page)
    enter_password(page, username, PASSWORD)
    on(page, "login-code")
    assert_well_made(page)
    enter_code(page, phone.code())
    on(page, "account")


@spec("ASVS 5.0 §7.1.2")
def test_where_one_session_is_allowed_another_one_ends_it(
    place: Place, house: House, page: Page, browser: Browser
):
    username = place.add_user("wardens")
    sign_in(page, house, username)
    with elsewhere(browser, HOME) as person:
        other = person.page()
        sign_in_again(other, house, username)
        page.goto(f"{house.issuer}/account")
        on(page, "login")
        expect(page.locator("#reason")).to_contain_text("in another browser")
        assert_well_made(page)
        other.reload()
        on(other, "account")
        other.goto(f"{house.issuer}/account/activity")
        ended = other.locator(".event", has_text="A session ended.")
        ended.locator("summary").click()
        expect(ended).to_contain_text("in only so many places at a time")
        assert_well_made(other)


@spec("ASVS 5.0 §7.1.2")
def test_where_the_first_session_stays_the_new_one_asks_whether_it_may_take_its_place(
    place: Place, house: House, page: Page, browser: Browser
):
    username = place.add_user("keepers")
    sign_in(page, house, username)
    with elsewhere(browser, HOME) as person:
        other = person.page()
        other.goto(f"{house.issuer}/account")
        enter_password(other, username, PASSWORD)
        on(other, "login-room")
        expect(other.locator("#sessions")).to_contain_text("on Linux")
        assert_well_made(other)
        page.reload()
        on(page, "account")
        press(other, "make-room")
        on(other, "account")
        page.reload()
        on(page, "login")
        assert_well_made(page)


@spec("ASVS 5.0 §7.4.3")
def test_a_no_from_the_letter_ends_what_the_thief_has_and_puts_a_new_password_in_place(
    place: Place, house: House, app: App, page: Page, browser: Browser
):
    username = place.add_user()
    sign_in(page, house, username)
    with elsewhere(browser, AWAY) as person:
        thief = person.page()
        sign_in_again(thief, house, username)
        thief.goto(app.sign_in_url())
        expect(thief.locator("#claim-acr")).to_be_visible()
        letter = place.letter(username, "A new browser signed in to your account")
        page.goto(next(link for link in letter.links if "/account/not-me" in link))
        on(page, "login")
        expect(page.locator("#reason")).to_contain_text("That takes a new proof each time.")
        assert_well_made(page)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(page, "sign-in")
        on(page, "account-not-me")
        expect(page.locator("#sign-in")).to_contain_text("Firefox on Windows")
        assert_well_made(page)
        page.get_by_label("New password").fill(NEW_PASSWORD)
        press(page, "disown")
        on(page, "account-authenticators")
        assert_well_made(page)

        thief.goto(f"{house.issuer}/account")
        on(thief, "login")
        assert_well_made(thief)
        thief.goto(app.sign_in_url(prompt="none"))
        expect(thief.locator("#error")).to_have_text("login_required")
        thief.goto(f"{house.issuer}/account")
        enter_password(thief, username, PASSWORD)
        on(thief, "login")
        expect(thief.get_by_role("alert")).to_be_visible()
    page.goto(f"{house.issuer}/account/devices")
    expect(page.locator("#sessions > li")).to_have_count(1)
    place.letter(username, "Everybody was signed out of your account")


@spec("Back-Channel Logout §2.5", "ASVS 5.0 §7.4.4")
def test_signing_out_everywhere_reaches_each_application_and_one_that_is_away_when_it_is_back(
    place: Place, house: House, page: Page
):
    username = place.add_user()
    with DemoApp(house, "Demo notes") as notes, DemoApp(house, "Demo calendar") as calendar:
        sign_in(page, house, username)
        for demo in (notes, calendar):
            page.goto(f"{demo.url}/sign-in")
            expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada Example")
        page.goto(f"{house.issuer}/account/devices")
        expect(page.locator("#this-session")).to_contain_text("Demo calendar")
        calendar.go_away()
        press(page, "end-all")
        on(page, "logged-out")
        look_until(page, notes="Was told", calendar="Could not be reached yet")
        assert_well_made(page)

        calendar.come_back()
        look_until(page, notes="Was told", calendar="Was told")
        assert_well_made(page)
        for demo in (notes, calendar):
            page.goto(demo.url)
            expect(page.locator("#notice")).to_contain_text("You signed out elsewhere.")


def test_a_copied_cookie_is_stopped_at_its_first_use_elsewhere_and_its_owner_is_told(
    place: Place, house: House, app: App, browser: Browser
):
    username = place.add_user()
    with elsewhere(browser, HOME, CHROME) as owner, elsewhere(browser, AWAY) as stranger:
        page = owner.page()
        sign_in(page, house, username)
        thief = copied(page, stranger)

        thief.goto(f"{house.issuer}/account/devices")
        on(thief, "login")
        expect(thief.locator("#reason")).to_contain_text("Confirm that it is you")
        assert_well_made(thief)
        thief.goto(app.sign_in_url(prompt="none"))
        expect(thief.locator("#error")).to_have_text("login_required")
        letter = place.letter(username, "One of your sessions was stopped")
        assert "Firefox on Windows" in letter.text
        assert AWAY in letter.text

        page.goto(f"{house.issuer}/account/activity")
        on(page, "login")
        assert_well_made(page)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(page, "sign-in")
        on(page, "account-activity")
        stopped = page.locator(".event", has_text="A session was stopped until you confirm")
        expect(stopped).to_contain_text(f"Firefox on Windows · this session · {AWAY}")
        expect(stopped).not_to_contain_text("You ·")
        assert_well_made(page)
        thief.goto(f"{house.issuer}/account")
        on(thief, "login")
        expect(thief.locator("#reason")).to_have_count(0)


def test_the_session_cookie_alone_is_stopped_even_in_the_same_network(
    place: Place, house: House, browser: Browser
):
    username = place.add_user()
    with elsewhere(browser, HOME, CHROME) as owner, elsewhere(browser, HOME, CHROME) as stranger:
        page = owner.page()
        sign_in(page, house, username)
        thief = copied(page, stranger)
        stranger.context.clear_cookies(name="idp_device")

        thief.goto(f"{house.issuer}/account")
        on(thief, "login")
        expect(thief.locator("#reason")).to_contain_text("does not seem to be the browser")
        place.letter(username, "One of your sessions was stopped")


def test_of_two_copies_of_all_cookies_one_falls_behind_and_the_owner_goes_on_alone(
    place: Place, house: House, browser: Browser
):
    username = place.add_user()
    with elsewhere(browser, HOME, CHROME) as owner, elsewhere(browser, HOME, CHROME) as stranger:
        page = owner.page()
        sign_in(page, house, username)
        thief = copied(page, stranger)
        thief.goto(f"{house.issuer}/account")
        on(thief, "account")
        for minutes in (11, 2):
            place.later(username, minutes=minutes)
            page.reload()
            on(page, "account")

        thief.reload()
        on(thief, "login")
        expect(thief.locator("#reason")).to_contain_text("in use by a copy of this browser")
        assert_well_made(thief)
        letter = place.letter(username, "There may be a copy of your session")
        assert "somebody had your session" in letter.text

        page.goto(f"{house.issuer}/account/activity")
        on(page, "login")
        expect(page.locator("#reason")).to_contain_text("in use by a copy of this browser")
        assert_well_made(page)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(page, "sign-in")
        on(page, "account-activity")
        stopped = page.locator(".event", has_text="A session was stopped until you confirm")
        expect(stopped).to_contain_text("in use by a copy of this browser")
        thief.goto(f"{house.issuer}/account")
        on(thief, "login")
        expect(thief.locator("#reason")).to_have_count(0)


def test_all_cookies_copied_to_the_same_network_and_kind_of_browser_are_not_noticed_at_once(
    place: Place, house: House, browser: Browser
):
    username = place.add_user()
    with elsewhere(browser, HOME, CHROME) as owner, elsewhere(browser, HOME, CHROME) as stranger:
        page = owner.page()
        sign_in(page, house, username)
        thief = copied(page, stranger)

        # It is said in docs/sessions.md, under “What is not detected”; the limits are what is left.
        thief.goto(f"{house.issuer}/account")
        on(thief, "account")
        place.later(username, hours=2)
        thief.reload()
        on(thief, "login")
        page.reload()
        on(page, "login")
    assert not place.letters(username)
    told = (ROOT / "docs/sessions.md").read_text().partition("## What is not detected")[2]
    assert "shown by the same kind of browser" in told


@spec("DESIGN §1")
def test_from_wi_fi_to_mobile_and_back_nothing_is_felt(
    place: Place, house: House, app: App, browser: Browser
):
    username = place.add_user()
    with elsewhere(browser, HOME, CHROME) as person:
        page = person.page()
        sign_in(page, house, username)
        before = cookie(page, "idp_session")
        for address in (MOBILE, HOME, MOBILE):
            person.context.set_extra_http_headers(at(address))
            page.goto(f"{house.issuer}/account/devices")
            on(page, "account-devices")
            expect(page.locator("#this-session")).to_contain_text(address)
            page.goto(app.sign_in_url(prompt="none"))
            expect(page.locator("#claim-preferred_username")).to_have_text(username)
        assert cookie(page, "idp_session") == before
    assert not place.letters(username)
