"""A person with a browser, as far as pages without scripts need one."""

import re
from html import unescape
from urllib.parse import urljoin

import requests


class Person:
    """Follows links and fills in forms."""

    def __init__(self) -> None:
        self.browser = requests.Session()
        self.page = requests.Response()

    def open(self, url: str) -> None:
        self.page = self.browser.get(url, timeout=30)

    def click(self, element_id: str) -> None:
        """Follow the link with this id."""
        tag = re.search(rf'<a\b[^>]*\bid="{element_id}"[^>]*>', self.page.text)
        assert tag is not None, self.words()
        self.open(urljoin(self.page.url, unescape(_attribute(tag[0], "href"))))

    def submit(self, **values: str) -> None:
        """Send the first form of the page."""
        form = re.search(r"<form\b.*?</form>", self.page.text, re.DOTALL)
        assert form is not None, self.words()
        self._send(form[0], values)

    def press(self, element_id: str) -> None:
        """Press the button with this id, in a form of its own."""
        forms = re.findall(r"<form\b.*?</form>", self.page.text, re.DOTALL)
        self._send(next(form for form in forms if f'id="{element_id}"' in form), {})

    def _send(self, form: str, values: dict[str, str]) -> None:
        hidden = {
            _attribute(tag, "name"): unescape(_attribute(tag, "value"))
            for tag in re.findall(r"<input\b[^>]*>", form)
            if 'type="hidden"' in tag
        }
        action = urljoin(self.page.url, unescape(_attribute(form, "action")) or self.page.url)
        headers = {"Origin": "/".join(self.page.url.split("/")[:3])}
        self.page = self.browser.post(action, {**hidden, **values}, headers=headers, timeout=30)

    def sees(self, element_id: str) -> bool:
        return f'id="{element_id}"' in self.page.text

    def words(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page.text)).split())


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""
