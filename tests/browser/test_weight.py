"""The sign-in page on a slow line: all of it under 40 kB."""

import re
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import on
from tests.browser.relying_party import App

pytestmark = pytest.mark.browser

LIMIT = 40_000


def test_the_whole_sign_in_page_is_light(app: App, page: Page):
    page.goto(app.sign_in_url())
    on(page, "login")
    html = page.request.get(page.url).body()
    tags = re.findall(rb"<(?:link|script|img|source)\b[^>]*>", html)
    linked = {m[1].decode() for tag in tags if (m := re.search(rb'(?:href|src)="([^"]+)"', tag))}
    assert {re.sub(r".*\.(\w+)\?.*", r"\1", url) for url in linked} == {"css", "js", "svg"}
    parts = [html, *(page.request.get(urljoin(page.url, url)).body() for url in linked)]
    assert sum(map(len, parts)) < LIMIT
    expect(page.locator("style, iframe, object, video")).to_have_count(0)


def test_what_was_loaded_once_is_not_loaded_again(app: App, page: Page):
    page.goto(app.sign_in_url())
    on(page, "login")
    page.goto(app.sign_in_url(prompt="login"))
    on(page, "login")
    sizes = page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter(r => r.name.includes('/static/')).map(r => r.transferSize)"
    )
    assert sizes
    assert not any(sizes)
