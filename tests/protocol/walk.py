"""A person's browser for a provider that runs in another process: cookies, forms, redirects."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import requests

MAX_HOPS = 12


class _Form(HTMLParser):
    """The first form of a page: its action, its fields, and the page's id."""

    def __init__(self) -> None:
        super().__init__()
        self.page = ""
        self.action = ""
        self.fields: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if named.get("id", "").startswith("page-"):
            self.page = named["id"].removeprefix("page-")
        if tag == "form" and not self.action:
            self.action, self._inside = named["action"], True
        elif tag == "input" and self._inside and "name" in named:
            self.fields[named["name"]] = named.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


@dataclass
class Stop:
    """Where the browser came to rest: a hosted page, or a URL that is not the provider's."""

    url: str
    page: str = ""
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class Walker:
    """Signs in as one person and agrees to what is asked."""

    def __init__(self, issuer: str, username: str, password: str) -> None:
        self.issuer = issuer
        self.username = username
        self.password = password
        self.seen: list[str] = []
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def go(self, url: str) -> Stop:
        """Open a URL of the provider and follow where it leads."""
        return self._rest(self._session.get(url, allow_redirects=False, timeout=30))

    def submit(self, stop: Stop, **values: str) -> Stop:
        """Send a page's form."""
        data = {**stop.fields, **values}
        answer = self._session.post(
            urljoin(stop.url, stop.action), data=data, allow_redirects=False, timeout=30
        )
        return self._rest(answer)

    def walk(self, url: str) -> str:
        """Do what every page asks; return the URL by which the client is called back."""
        stop = self.go(url)
        for _ in range(MAX_HOPS):
            self.seen.append(stop.page)
            if not stop.page:
                return stop.url
            stop = self.submit(stop, **self._answer(stop))
        raise AssertionError(self.seen)

    def _answer(self, stop: Stop) -> dict[str, str]:
        answers = {
            "login": {"identifier": self.username, "password": self.password, "action": "sign_in"},
            "enrol": {"action": "skip"},
            "consent": {"action": "allow"},
        }
        if stop.page not in answers:
            raise AssertionError(f"nothing to say on {stop.page} at {stop.url}")
        return answers[stop.page]

    def _rest(self, answer: requests.Response) -> Stop:
        for _ in range(MAX_HOPS):
            location = answer.headers.get("Location")
            if location is None:
                parsed = _Form()
                parsed.feed(answer.text)
                page = parsed.page or f"status {answer.status_code}"
                return Stop(answer.url, page, parsed.action, parsed.fields)
            url = urljoin(answer.url, location)
            if not url.startswith(self.issuer + "/"):
                return Stop(url)
            answer = self._session.get(url, allow_redirects=False, timeout=30)
        raise AssertionError("a redirect loop")
