"""What a person does on the hosted pages, and the telephone in their hand."""

import time
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import Error, Page, expect

STEP = 30


class Phone:
    """An authenticator app: gives each code once, and waits for the next when it must."""

    def __init__(self, key: str) -> None:
        self._totp = pyotp.TOTP(key.replace(" ", ""))
        self.last = 0

    def code(self) -> str:
        """Return a code that was not given before and that the provider still takes (±1 step)."""
        now = time.time()
        # One step back gives room for two more codes, unless that step is about to leave.
        oldest = int(now // STEP) - (1 if now % STEP < STEP - 10 else 0)
        step = max(oldest, self.last + 1)
        time.sleep(max(0, (step - 1) * STEP - now + 0.2))
        self.last = step
        return self._totp.at(step * STEP)

    def wrong_code(self) -> str:
        """Return six digits that are no code of today."""
        now = int(time.time() // STEP)
        taken = {self._totp.at((now + n) * STEP) for n in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "3" * 6) if code not in taken)


def on(page: Page, name: str) -> None:
    """Wait until the hosted page `name` is there, with its style."""
    expect(page.locator(f"main#page-{name}")).to_be_visible()
    page.wait_for_load_state()


def enter_password(page: Page, username: str, password: str) -> None:
    on(page, "login")
    page.get_by_label("Email or user name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def enter_code(page: Page, code: str) -> None:
    """Type a code; with scripts the page sends it by itself."""
    field = page.locator("#code")
    field.press_sequentially(code)


def enrol(page: Page) -> tuple[Phone, list[str]]:
    """Set up an authenticator app by its manual key; return it and the recovery codes."""
    on(page, "enrol")
    key = page.locator("#manual-key").text_content()
    assert key is not None
    phone = Phone(key)
    enter_code(page, phone.code())
    on(page, "recovery-codes")
    return phone, page.locator("#codes li").all_inner_texts()


def press(page: Page, identifier: str) -> None:
    page.locator(f"#{identifier}").click()


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


def send_code(page: Page, code: str, button: str) -> None:
    """Type a code and press the button, where no script does."""
    page.locator("#code").fill(code)
    press(page, button)


def tab_to(page: Page, selector: str, *, limit: int = 15) -> None:
    """Press Tab until the element has the focus, and see that this is seen."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", "the focus is not to be seen"
        if page.locator(f"{selector}:focus").count():
            return
    message = f"Tab does not reach {selector}"
    raise AssertionError(message)


def go_back(page: Page) -> None:
    """Go back one page; where the browser asks whether to send a form again, say yes."""
    try:
        page.go_back()
    except Error as error:
        if "ERR_CACHE_MISS" not in error.message:
            raise
        page.wait_for_timeout(300)  # until the browser's own page stands there
        page.reload()
