"""`python -m tests.screenshots`: a picture of each hosted page, light, dark and on a phone.

Everything is made anew in a temporary folder; what is shown is what a person sees on the way.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.house import House, opened_house
from tests.screenshot_walks import USER, walks
from tests.support.browser import launched, watched
from tests.support.smtp import SmtpServer, smtp_server

FOLDER = Path(__file__).parents[1] / "docs/screenshots"
LIMIT = 9_000_000
DESKTOP = {"width": 960, "height": 720}
PHONE = {"width": 390, "height": 844}
LOOKS = {"light": ("light", DESKTOP), "dark": ("dark", DESKTOP), "phone": ("light", PHONE)}


@dataclass
class Camera:
    """Takes each page in every look, and remembers what it took."""

    folder: Path
    taken: list[tuple[str, str]] = field(default_factory=list)

    def take(self, page: Page, name: str, title: str) -> None:
        """Write `name`-light.png and so on; the page stays as it is."""
        for look, (scheme, size) in LOOKS.items():
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=self.folder / f"{name}-{look}.png", full_page=True)
        page.set_viewport_size(DESKTOP)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self.taken.append((name, title))

    def write_index(self) -> None:
        """Write the page that shows all pictures."""
        rows = [
            "# The hosted pages",
            "",
            "Made by `make screenshots`. Each page on a light and a dark desktop, and on a phone.",
        ]
        for name, title in self.taken:
            rows += ["", f"## {title}", "", "| light | dark | phone |", "|---|---|---|"]
            cells = [f"![{title}, {look}]({name}-{look}.png)" for look in LOOKS]
            rows.append(f"| {' | '.join(cells)} |")
        (self.folder / "README.md").write_text("\n".join(rows) + "\n")


@contextmanager
def visited(folder: Path) -> Iterator[tuple[House, SmtpServer, Browser]]:
    """Give a provider with one person and a mail server, and a browser."""
    with ExitStack() as stack:
        server = stack.enter_context(smtp_server())
        names = {
            "IDP_NAME": "Harbour",
            "IDP_SUPPORT_URL": "https://help.example.com",
            "IDP_SMTP_URL": server.url,
            "IDP_MAIL_FROM": "Harbour <id@example.com>",
            "IDP_MAIL_CODES": "true",
            "IDP_SELF_REGISTRATION": "true",
            "IDP_SECOND_FACTOR_GROUPS": "mailed=required",
        }
        house = stack.enter_context(opened_house(folder, **names))
        house.staff.add_user(USER)
        yield house, server, stack.enter_context(launched())


@contextmanager
def somebody(browser: Browser) -> Iterator[Page]:
    """Give a tab of a person with a clean profile."""
    agent = _name_of(browser)
    with watched(browser, viewport=DESKTOP, user_agent=agent) as person:
        yield person.page()


def _name_of(browser: Browser) -> str:
    """Return what the browser calls itself when people see its window."""
    with browser.new_page() as page:
        return str(page.evaluate("navigator.userAgent")).replace("Headless", "")


def main() -> None:
    """Take all pictures, then replace the old ones."""
    with tempfile.TemporaryDirectory(prefix="idp-screenshots-") as temporary:
        made, data = Path(temporary, "made"), Path(temporary, "data")
        made.mkdir()
        data.mkdir()
        camera = Camera(made)
        with visited(data) as (house, server, browser):
            for walk in walks(house, server):
                with somebody(browser) as page:
                    walk(camera, page)
        camera.write_index()
        pictures = sorted(made.glob("*.png"))
        size = sum(each.stat().st_size for each in pictures)
        if size > LIMIT:
            sys.exit(f"{size / 1e6:.1f} MB are too many for a repository")
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(made, FOLDER)
        print(f"{len(pictures)} pictures in {FOLDER}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
