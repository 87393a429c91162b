"""`python -m tests.screenshots`: a picture of each hosted page, light, dark and on a phone.

Everything is made anew in a temporary folder; what is shown is what a person sees on the way.
"""

import shutil
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests import screenshot_walks, session_walks
from tests.browser.house import opened_house
from tests.screenshot_walks import USER
from tests.session_walks import opened_place
from tests.support.browser import launched, watched
from tests.support.smtp import smtp_server

FOLDER = Path(__file__).parents[1] / "docs/screenshots"
CALM = Path(__file__).parent / "support/calm.toml"
LIMIT = 5_000_000
DESKTOP = {"width": 960, "height": 720}
PHONE = {"width": 390, "height": 844}
LOOKS = {"light": ("light", DESKTOP), "dark": ("dark", DESKTOP), "phone": ("light", PHONE)}
# Half the bytes of a PNG, and nobody sees the difference without a magnifying glass.
_AS_WEBP = """async (png) => {
  const read = await (await fetch(`data:image/png;base64,${png}`)).blob();
  const image = await createImageBitmap(read);
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d', {alpha: false}).drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({type: 'image/webp', quality: 0.9});
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}"""


@dataclass
class Camera:
    """Takes each page in every look, and remembers what it took; `desk` is an empty page."""

    folder: Path
    desk: Page
    taken: list[tuple[str, str]] = field(default_factory=list)

    def take(self, page: Page, name: str, title: str, *, whole: bool = True) -> None:
        """Write `name`-light.webp and so on, the whole page or its window; it stays as it is."""
        for look, (scheme, size) in LOOKS.items():
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            picture = b64encode(page.screenshot(full_page=whole)).decode()
            shrunk = b64decode(self.desk.evaluate(_AS_WEBP, picture))
            Path(self.folder, f"{name}-{look}.webp").write_bytes(shrunk)
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
            cells = [f"![{title}, {look}]({name}-{look}.webp)" for look in LOOKS]
            rows.append(f"| {' | '.join(cells)} |")
        (self.folder / "README.md").write_text("\n".join(rows) + "\n")


Walk = Callable[[Camera, Page], None]


@contextmanager
def visited(folder: Path) -> Iterator[list[Walk]]:
    """Give every way through two providers: where nobody is unusual, and where the policy asks."""
    with ExitStack() as stack:
        server = stack.enter_context(smtp_server())
        names = {
            "IDP_NAME": "Harbour",
            "IDP_SUPPORT_URL": "https://help.example.com",
            "IDP_SMTP_URL": server.url,
            "IDP_MAIL_FROM": "Harbour <id@example.com>",
        }
        more = {
            "IDP_MAIL_CODES": "true",
            "IDP_SELF_REGISTRATION": "true",
            "IDP_SECOND_FACTOR_GROUPS": "mailed=required",
            # A first sign-in is unlike any other, and would be asked for a code by mail.
            "IDP_POLICY_FILE": str(CALM),
        }
        for name in ("house", "place"):
            Path(folder, name).mkdir()
        house = stack.enter_context(opened_house(folder / "house", **names, **more))
        house.staff.add_user(USER)
        place = stack.enter_context(opened_place(folder / "place", server, names))
        yield [*screenshot_walks.walks(house, server), *session_walks.walks(place)]


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


def take_all(folder: Path, walks: list[Walk]) -> None:
    """Go every way, each as a person with a clean browser."""
    with launched() as browser:
        camera = Camera(folder, browser.new_page())
        for walk in walks:
            with somebody(browser) as page:
                walk(camera, page)
    camera.write_index()


def main() -> None:
    """Take all pictures into the folder that was named; otherwise replace those of the docs."""
    with tempfile.TemporaryDirectory(prefix="idp-screenshots-") as temporary:
        made, data = Path(temporary, "made"), Path(temporary, "data")
        made.mkdir()
        data.mkdir()
        with visited(data) as walks:
            take_all(made, walks)
        pictures = sorted(made.glob("*.webp"))
        size = sum(each.stat().st_size for each in pictures)
        if size > LIMIT:
            sys.exit(f"{size / 1e6:.1f} MB are too many for a repository")
        folder = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
        print(f"{len(pictures)} pictures in {folder}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
