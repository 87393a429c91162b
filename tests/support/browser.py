"""The system's Chromium, watched: what it complains about fails the test."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root, and open pages of ours alone
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REPORT_CSP = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} ` +
                `at ${event.sourceFile}:${event.lineNumber}`);
});
"""
_AXE = Path(__file__).parents[1] / "clients/node/node_modules/axe-core/axe.min.js"
# All that axe finds right as well, sent here, would take longer than finding it.
_RUN_AXE = """async tags => {
  const options = {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']};
  const {violations} = await axe.run(document, options);
  return violations.flatMap(({id, help, nodes}) =>
    nodes.map(({target}) => `${id}: ${help} at ${target.join(', ')}`));
}"""
_WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def executable() -> str:
    """Return the path of the system's Chromium."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    for path in _MAC:
        if Path(path).exists():
            return path
    message = "No Chromium here: run tests/install_system_packages.sh tests"
    raise RuntimeError(message)


@contextmanager
def launched() -> Iterator[Browser]:
    """Give a running browser without any page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A browser context (a person with a clean profile) and all that went wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        context.add_init_script(_REPORT_CSP)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        context.on("request", self._on_request)

    def page(self) -> Page:
        """Return a new tab."""
        page = self.context.new_page()
        page.set_default_timeout(15_000)
        return page

    def allow(self, pattern: str) -> None:
        """Expect complaints that match `pattern`, as "status of 400" on a page that refuses."""
        self._allowed.append(re.compile(pattern))

    def assert_clean(self) -> None:
        """Fail on any console error, uncaught exception, CSP violation or third-party request."""
        unexpected = [c for c in self.complaints if not any(p.search(c) for p in self._allowed)]
        assert not unexpected, "the browser complains:\n" + "\n".join(unexpected)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.complaints.append(f"console: {message.text} ({where})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in _LOOPBACK:
            self.complaints.append(f"third-party request: {request.url}")


@contextmanager
def watched(browser: Browser, **options: Any) -> Iterator[Watched]:
    """Give a clean profile; `options` are those of Playwright's `new_context` (viewport, …)."""
    context = browser.new_context(**{"locale": "en-GB", **options})
    try:
        yield Watched(context)
    finally:
        context.close()


def axe(page: Page, tags: tuple[str, ...] = _WCAG) -> list[str]:
    """Return what axe finds on the page, a line per rule and place; empty when all is well."""
    # Evaluated by the debugger, so that the page's own content security policy stays in force.
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(_axe_source())
    return list(page.evaluate(_RUN_AXE, list(tags)))


@cache
def _axe_source() -> str:
    return _AXE.read_text() + "\n;undefined"
