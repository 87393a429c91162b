"""Signing out of several applications, in a real browser, with and without scripts."""

import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from idp.protocol.clients import service as clients
from tests.app import PASSWORD
from tests.browser.house import House
from tests.browser.inspection import assert_well_made
from tests.browser.people import enter_password, on, press
from tests.browser.relying_party import App
from tests.support.browser import watched
from tests.support.site import site
from tests.support.spec import spec

pytestmark = pytest.mark.browser


def an_app(house: House, name: str, **metadata: Any) -> App:
    """An application of the house; `framed` ones are told of a sign-out in a frame."""
    framed = metadata.pop("framed", False)
    app = house.open_app(name, first_party=True, **metadata)
    if framed:
        with house.staff.context() as ctx:
            where = {"frontchannel_logout_uri": f"{app.url}/framed"}
            clients.change(ctx, app.oauth.idp.client_id, where)
    return app


def sign_in(page: Page, username: str, *apps: App) -> None:
    """Sign in to each of them, with one password."""
    for number, app in enumerate(apps):
        page.goto(app.sign_in_url())
        if number == 0:
            enter_password(page, username, PASSWORD)
            on(page, "enrol")
            press(page, "skip")
        page.locator("#claim-sub").wait_for()


@spec("Front-Channel Logout §2", "RP-Initiated Logout §3")
def test_applications_are_asked_in_frames_and_a_slow_one_is_not_waited_for(
    house: House, page: Page, username: str
):
    slow, quick = (an_app(house, name, framed=True) for name in ("Slow", "Quick"))
    sign_in(page, username, slow, quick)
    slow.slowly.clear()
    begun = time.monotonic()

    page.goto(f"{quick.url}/sign-out", wait_until="commit")
    page.wait_for_url(f"{quick.signed_out}**")

    assert time.monotonic() - begun < 10
    expect(page.locator("#nobody")).to_be_visible()
    (asked,) = quick.framed
    assert asked["iss"] == house.issuer
    assert slow.framed == [asked]


@spec("Front-Channel Logout §2")
def test_without_scripts_it_goes_on_by_itself_and_past_a_slow_one_by_a_link(
    house: House, browser: Browser, username: str
):
    slow, quick = (an_app(house, name, framed=True) for name in ("Slow", "Quick"))
    with watched(browser, java_script_enabled=False) as person:
        page = person.page()
        sign_in(page, username, quick)
        page.goto(f"{quick.url}/sign-out", wait_until="commit")
        page.wait_for_url(f"{quick.signed_out}**")
        assert len(quick.framed) == 1

        page.goto(slow.sign_in_url())
        enter_password(page, username, PASSWORD)
        page.locator("#claim-sub").wait_for()
        slow.slowly.clear()
        page.goto(f"{slow.url}/sign-out", wait_until="commit")
        page.locator("#return").click(no_wait_after=True)
        page.wait_for_url(f"{slow.signed_out}**")
        assert len(slow.framed) == 1


@spec("Back-Channel Logout §2.5", "ASVS 5.0 §7.4.4")
def test_the_page_says_which_application_was_told_and_is_right_after_another_look(
    house: House, page: Page, username: str
):
    with site() as told, site() as away:
        away.stop()
        apps = [
            an_app(house, "Tidebook", backchannel_logout_uri=told.url),
            an_app(house, "Lanternfish Invoices", backchannel_logout_uri=away.url),
            an_app(house, "Harbour Wiki", framed=True),
            an_app(house, "Old Almanac", client_uri="https://almanac.example.com/"),
        ]
        sign_in(page, username, *apps)
        page.goto(f"{house.issuer}/account")
        press(page, "sign-out")
        on(page, "logged-out")
        assert len(told.wait_for(1)) == 1
        expect(page.locator(".app-told")).to_have_count(4)
        assert_well_made(page)

        for _ in range(20):
            if page.locator(".is-trying").count() and page.locator(".is-told").count():
                break
            time.sleep(0.5)
            page.locator("#look-again").click()
        expect(page.locator(".is-trying")).to_contain_text("Lanternfish Invoices")
        expect(page.locator(".is-deaf")).to_contain_text("Old Almanac")
        expect(page.locator(".is-asked-here")).to_contain_text("Harbour Wiki")
        expect(page.get_by_text("Was told, and has confirmed it.")).to_be_visible()
        assert_well_made(page)
