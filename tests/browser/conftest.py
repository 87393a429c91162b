"""A provider for the tests of this folder, an application, and people with browsers."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import House, opened_house
from tests.browser.relying_party import App
from tests.support.browser import Watched, watched


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A provider for all tests of this worker; each has people and clients of its own."""
    with opened_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="session")
def app(house: House) -> App:
    """A third-party client."""
    return house.open_app("Example App")


@pytest.fixture
def username(house: House) -> str:
    """A person who has a password and nothing else."""
    name = f"ada-{secrets.token_hex(3)}"
    house.staff.add_user(name)
    return name


@pytest.fixture
def page(visitor: Watched) -> Page:
    """A tab of the watched browser."""
    return visitor.page()


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that runs no scripts."""
    with watched(browser, java_script_enabled=False) as context:
        yield context.page()
        context.assert_clean()
