"""The ways on which the pictures of the session engine's pages are taken."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page
from sqlalchemy import select, update

from idp.protocol.clients import service as clients
from idp.store.schema import sessions, users
from tests.app import PASSWORD
from tests.browser.house import opened_house
from tests.browser.people import Phone, enter_code, enter_password, on, press
from tests.browser.places import (
    AWAY,
    HOME,
    MOBILE,
    Place,
    a_phone,
    at,
    elsewhere,
    look_until,
    sign_in,
    sign_in_again,
)
from tests.browser.relying_party import App
from tests.support.mmdb import write_mmdb
from tests.support.site import Site, site
from tests.support.smtp import SmtpServer

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
NEW_PASSWORD = "seven otters under brickwork"
COUNTRIES = {"203.0.113.0/24": "DE", "198.51.100.0/24": "DE", "192.0.2.0/24": "NO"}
POLICY = """
[[rules]]
name = "two desks"
when.groups = ["wardens"]
then = { sessions = 2, at_limit = "refuse_new" }

[[rules]]
name = "one desk"
when.groups = ["keepers"]
then = { sessions = 1, at_limit = "refuse_new" }

[[rules]]
name = "office"
because = "Payroll is open to browsers that have been used for it before"
when = { groups = ["payroll"], devices = ["new"] }
then.outcome = "refuse"

[[rules]]
name = "ledger"
because = "The ledger takes two steps, however you signed in"
when = { groups = ["ledger"], moments = ["authorize"] }
then.acr = "mfa"

[[rules]]
name = "counter"
when.groups = ["counter"]
then.idle = "110s"
"""


class Camera(Protocol):
    """What takes a page in every look."""

    def take(self, page: Page, name: str, title: str, *, whole: bool = True) -> None: ...


@contextmanager
def opened_place(folder: Path, server: SmtpServer, names: dict[str, str]) -> Iterator[Place]:
    """Give a provider behind a proxy that knows countries, with a policy of its own."""
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    known = {net: {"country": {"iso_code": code}} for net, code in COUNTRIES.items()}
    environment = {
        "IDP_POLICY_FILE": str(policy),
        "IDP_GEO_COUNTRY_FILE": str(write_mmdb(folder / "countries.mmdb", known)),
        "IDP_TRUSTED_PROXIES": "1",
    }
    with opened_house(folder, **(names | environment)) as house:
        yield Place(house, server)


def walks(place: Place) -> list[Callable[[Camera, Page], None]]:
    """Return every way, each for a person with a clean browser."""
    app = place.house.open_app("Tidebook", first_party=True)
    return [
        partial(from_a_new_browser, place, app),
        partial(proved_anew, place),
        partial(refused, place, app),
        partial(no_room, place, app),
        partial(over, place),
        partial(nearly_over, place),
        partial(was_this_you, place),
        partial(many_sessions, place, app),
        partial(signed_out, place),
    ]


def _at_home(page: Page) -> Page:
    page.context.set_extra_http_headers(at(HOME))
    return page


@contextmanager
def _away(page: Page, address: str = AWAY, **options: Any) -> Iterator[Page]:
    with elsewhere(page.context.browser, address, **options) as person:
        yield person.page()


def _with_a_phone(place: Place, page: Page, name: str, *groups: str) -> Phone:
    place.house.staff.add_user(name, groups=list(groups))
    phone = a_phone(place.house, name)
    page.goto(f"{place.house.issuer}/account")
    enter_password(page, name, PASSWORD)
    on(page, "login-code")
    enter_code(page, phone.code())
    on(page, "account")
    return phone


def from_a_new_browser(place: Place, app: App, camera: Camera, page: Page) -> None:
    """Be asked for the second step because the browser is new, and told for how long it is."""
    _with_a_phone(place, _at_home(page), "ada")
    with _away(page) as other:
        other.goto(app.sign_in_url())
        enter_password(other, "ada", PASSWORD)
        on(other, "login-code")
        camera.take(other, "code-new-browser", "Second step because the browser is new")


def proved_anew(place: Place, camera: Camera, page: Page) -> None:
    """Be asked who is there: the proof is old, or something changed."""
    place.house.staff.add_user("grace")
    sign_in(_at_home(page), place.house, "grace")
    place.later("grace", minutes=20)
    page.goto(f"{place.house.issuer}/account/profile/email")
    on(page, "login")
    camera.take(page, "proof-is-old", "A fresh proof for an act that matters")
    page.context.clear_cookies(name="idp_device")
    page.goto(f"{place.house.issuer}/account/devices")
    on(page, "login")
    camera.take(page, "challenged", "A session that changed is proved anew")


def refused(place: Place, app: App, camera: Camera, page: Page) -> None:
    """Be refused by a rule."""
    place.house.staff.add_user("milo", groups=["payroll"])
    _at_home(page).goto(app.sign_in_url())
    enter_password(page, "milo", PASSWORD)
    on(page, "login-refused")
    camera.take(page, "refused", "Refused by the policy")


def no_room(place: Place, app: App, camera: Camera, page: Page) -> None:
    """Come to where there is no room for one more session."""
    for name, group in (("finn", "keepers"), ("nora", "wardens")):
        place.house.staff.add_user(name, groups=[group])
    sign_in(_at_home(page), place.house, "finn")
    place.later("finn", minutes=10)
    with _away(page, MOBILE, user_agent=IPHONE) as other:
        other.goto(app.sign_in_url())
        enter_password(other, "finn", PASSWORD)
        on(other, "login-room")
        camera.take(other, "room", "No room for one more session")
        press(other, "make-room")
        other.locator("#claim-sub").wait_for()
        page.goto(f"{place.house.issuer}/account")
        on(page, "login")
        camera.take(page, "over-for-another", "Signed out for a session elsewhere")
    page.context.clear_cookies()
    sign_in(page, place.house, "nora")
    place.later("nora", minutes=20)
    with _away(page, MOBILE, user_agent=IPHONE) as other:
        sign_in_again(other, place.house, "nora")
        place.later("nora", minutes=3)
        with _away(page, AWAY) as third:
            third.goto(f"{place.house.issuer}/account")
            enter_password(third, "nora", PASSWORD)
            on(third, "login-room")
            camera.take(third, "room-of-two", "No room for a third session")


def over(place: Place, camera: Camera, page: Page) -> None:
    """Come back after the session's end."""
    _with_a_phone(place, _at_home(page), "iris")
    place.later("iris", hours=2)
    page.goto(f"{place.house.issuer}/account")
    on(page, "login")
    camera.take(page, "over-idle", "Signed out after a while unused")


def nearly_over(place: Place, camera: Camera, page: Page) -> None:
    """See the end come."""
    place.house.staff.add_user("omar", groups=["counter"])
    page.goto(f"{place.house.issuer}/account/profile")
    enter_password(_at_home(page), "omar", PASSWORD)
    on(page, "enrol")
    press(page, "skip")
    on(page, "account-profile")
    page.locator("#session-end").wait_for()
    camera.take(page, "ending", "Two minutes before the session ends unused", whole=False)


def was_this_you(place: Place, camera: Camera, page: Page) -> None:
    """Be asked about a sign-in from elsewhere, and say no."""
    place.house.staff.add_user("rosa")
    sign_in(_at_home(page), place.house, "rosa")
    _at_ease(place, "rosa")
    with _away(page) as other:
        sign_in_again(other, place.house, "rosa")
    page.goto(f"{place.house.issuer}/account")
    page.locator("#asked").wait_for()
    camera.take(page, "asked-at-home", "Was this you?")
    page.goto(f"{place.house.issuer}/account/activity")
    line = page.locator(".event", has=page.locator(".question")).first
    line.locator("summary").click()
    camera.take(page, "asked-in-activity", "Was this you? In the activity, with its reasons")
    line.get_by_role("link", name="No, it was not me").click()
    on(page, "login")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "sign-in")
    on(page, "account-not-me")
    camera.take(page, "not-me", "It was not me: what happens now")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    press(page, "disown")
    on(page, "account-authenticators")
    camera.take(page, "not-me-done", "It was not me: afterwards")


def _at_ease(place: Place, name: str) -> None:
    """Let this person's sessions be nothing unusual; a first one is, of whom nothing is known."""
    ids = select(users.c.id).where(users.c.username == name).scalar_subquery()
    with place.house.staff.context() as ctx:
        ctx.db.write(
            update(sessions).where(sessions.c.user_id == ids).values(risk="low", limited_by="")
        )


def many_sessions(place: Place, app: App, camera: Camera, page: Page) -> None:
    """Be signed in here and there, once shorter than usual and once stopped."""
    phone = _with_a_phone(place, _at_home(page), "theo")
    _at_ease(place, "theo")
    page.goto(app.sign_in_url())
    page.locator("#claim-sub").wait_for()
    page.goto(_with_a_long_name(place).sign_in_url())
    page.locator("#claim-sub").wait_for()
    with (
        _away(page) as other,
        _away(page, MOBILE, user_agent=IPHONE) as third,
    ):
        for tab in (other, third):
            tab.goto(f"{place.house.issuer}/account")
            enter_password(tab, "theo", PASSWORD)
            on(tab, "login-code")
            enter_code(tab, phone.code())
            on(tab, "account")
        third.context.clear_cookies(name="idp_device")
        third.reload()
        on(third, "login")
        page.goto(f"{place.house.issuer}/account/devices")
        on(page, "account-devices")
        camera.take(page, "sessions", "Sessions: why one is shorter, and one stopped")


def _with_a_long_name(place: Place) -> App:
    name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    return place.house.open_app(name, first_party=True)


def signed_out(place: Place, camera: Camera, page: Page) -> None:
    """Sign out of applications that are told, are not, or cannot be."""
    house = place.house
    house.staff.add_user("vera")
    with ExitStack() as stack:
        servers: list[Site] = [stack.enter_context(site()) for _ in range(4)]
        told, refusing, slow, away = servers
        refusing.status = 400
        slow.manner = "silent"
        away.stop()
        tidebook = house.open_app("Tidebook", first_party=True, backchannel_logout_uri=told.url)
        wiki = house.open_app("Harbour Wiki", first_party=True)
        with house.staff.context() as ctx:
            framed = {"frontchannel_logout_uri": f"{wiki.url}/framed"}
            clients.change(ctx, wiki.oauth.idp.client_id, framed)
        apps = [
            tidebook,
            wiki,
            house.open_app(
                "Lanternfish Invoices", first_party=True, backchannel_logout_uri=away.url
            ),
            house.open_app("Quay Planner", first_party=True, backchannel_logout_uri=slow.url),
            house.open_app(
                "Ropeworks",
                first_party=True,
                backchannel_logout_uri=refusing.url,
                client_uri="https://ropeworks.example.com/",
            ),
            house.open_app(
                "Old Almanac", first_party=True, client_uri="https://almanac.example.com/"
            ),
        ]
        _at_home(page)
        for number, app in enumerate(apps):
            page.goto(app.sign_in_url())
            if number == 0:
                enter_password(page, "vera", PASSWORD)
                on(page, "enrol")
                press(page, "skip")
            page.locator("#claim-sub").wait_for()
        page.goto(f"{house.issuer}/account")
        press(page, "sign-out")
        look_until(
            page,
            Tidebook="Was told",
            Lanternfish="Could not be reached",
            Ropeworks="Could not be told",
        )
        camera.take(page, "signed-out-of-apps", "Signed out: what became of each application")
        page.goto(wiki.sign_in_url())
        enter_password(page, "vera", PASSWORD)
        page.locator("#claim-sub").wait_for()
        wiki.slowly.clear()
        stack.callback(wiki.slowly.set)
        with page.context.browser.new_context(java_script_enabled=False) as plain:
            plain.add_cookies(page.context.cookies())
            tab = plain.new_page()
            tab.route("**/signed-out*", lambda route: route.abort())
            tab.goto(f"{wiki.url}/sign-out", wait_until="commit")
            tab.locator("#return").wait_for()
            camera.take(tab, "signing-out-in-frames", "Signing out of an application in a frame")
