"""Authenticators of Chromium's own making, plugged into one tab (WebDriver's, WebAuthn §11)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Page, Route, expect

from idp.app.composition import compose
from idp.settings import Settings
from idp.store import users
from idp.store.database import Database
from tests.app import PASSWORD, FakeClock, Provider
from tests.browser.house import MASTER_KEY, House
from tests.browser.people import enter_password, on, press
from tests.browser.relying_party import App
from tests.support.databases import fresh_database
from tests.support.server import ProviderProcess

Credential = dict[str, Any]
REFUSED = "That passkey could not be accepted"
NOTHING = "No passkey was given"


# Whether a page asks for its list of passkeys yet: who answers before that is asked twice.
_WATCH = """() => {
  if (!navigator.credentials || window.watched) return;
  window.watched = true;
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = (options) => {
    if (options.mediation === 'conditional') window.offered = true;
    return get(options);
  };
}"""
_OFFERED = "() => !document.querySelector('form[data-autofill]') || window.offered"


class VirtualKey:
    """An authenticator in a tab; it answers as soon as it is asked, unless it is told to wait.

    `platform()` is a phone's or a laptop's own, `security_key()` one that is plugged in and has
    neither PIN nor room for passkeys.
    """

    def __init__(self, page: Page, **traits: Any) -> None:
        page.add_init_script(f"({_WATCH})()")
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options | traits})
        self._id = made["authenticatorId"]

    @classmethod
    def security_key(cls, page: Page) -> Self:
        return cls(
            page,
            transport="usb",
            hasResidentKey=False,
            hasUserVerification=False,
            isUserVerified=False,
        )

    def _tell(self, method: str, **values: Any) -> dict[str, Any]:
        return dict(self._cdp.send(f"WebAuthn.{method}", {"authenticatorId": self._id} | values))

    def answers(self, *, at_once: bool) -> None:
        """Let it answer without being touched, or wait."""
        self._tell("setAutomaticPresenceSimulation", enabled=at_once)

    def recognises(self, *, its_user: bool) -> None:
        """Say whether the finger that touches it is the right one."""
        self._tell("setUserVerified", isUserVerified=its_user)

    def credentials(self) -> list[Credential]:
        return list(self._tell("getCredentials")["credentials"])

    def take(self, credential: Credential, *, sign_count: int | None = None) -> None:
        """Hold a copy of another authenticator's credential."""
        count = credential["signCount"] if sign_count is None else sign_count
        self._tell("addCredential", credential=credential | {"signCount": count})

    def lose(self, credential: Credential) -> None:
        self._tell("removeCredential", credentialId=credential["credentialId"])

    def unplug(self) -> None:
        """Take it away."""
        self._tell("removeVirtualAuthenticator")
        self._cdp.send("WebAuthn.disable")
        self._cdp.detach()


@contextmanager
def house_on(kind: str, folder: Path, **environment: str) -> Iterator[House]:
    """Serve a fresh database of this kind."""
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(kind, folder))
        process = ProviderProcess(
            url, folder, environment={"IDP_MASTER_KEY": MASTER_KEY, **environment}
        )
        stack.enter_context(process)
        settings = Settings(
            issuer=process.issuer, data_dir=folder, database_url=url, master_key=MASTER_KEY
        )
        _, registry = compose(settings)
        stack.callback(registry.get(Database).engine.dispose)
        yield House(process, Provider(None, registry, FakeClock()), stack)


def register(page: Page, app: App, username: str) -> None:
    """Sign in by password, and make the passkey that is offered."""
    page.goto(app.sign_in_url())
    enter_password(page, username, PASSWORD)
    on(page, "enrol")
    press(page, "create-passkey")
    on(page, "recovery-codes")
    press(page, "continue")
    signed_in(page, "mfa")


def signed_in(page: Page, acr: str) -> None:
    expect(page.locator("#claim-acr")).to_have_text(acr)


def sign_out(page: Page, app: App) -> None:
    page.goto(app.url)
    press(page, "app-sign-out")
    expect(page.locator("#nobody")).to_be_visible()


def ask(page: Page, app: App, key: VirtualKey, **parameters: str) -> None:
    """Open the sign-in page, and touch nothing yet."""
    key.answers(at_once=False)
    page.goto(app.sign_in_url(**parameters))
    on(page, "login")


def press_and_touch(page: Page, key: VirtualKey, button: str = "use-passkey") -> None:
    """Press a button and touch the device once; what is asked afterwards waits."""

    def let_go(route: Route) -> None:
        key.answers(at_once=False)
        route.fallback()

    page.wait_for_function(_OFFERED)
    page.route("**/login/**", let_go, times=1)
    key.answers(at_once=True)
    press(page, button)


def events(house: House, username: str, *names: str) -> list[str]:
    """Return what was audited about a person, of these kinds."""
    with house.staff.context() as ctx:
        user = users.find_by_username(ctx.db, username)
    assert user is not None
    return [e.name for e in house.staff.audit() if e.user_id == user.id and e.name in names]


def device_with(page: Page, credential: Credential, *, sign_count: int) -> VirtualKey:
    """Plug in another device that holds a copy."""
    device = VirtualKey(page, automaticPresenceSimulation=False)
    device.take(credential, sign_count=sign_count)
    return device
