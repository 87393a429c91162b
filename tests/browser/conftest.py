"""A provider as an operator runs it, two applications, and people with browsers."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from idp.app.composition import compose
from idp.kernel.encoding import b64url
from idp.settings import Settings
from idp.store.database import Database
from tests.app import FakeClock, Provider
from tests.browser.relying_party import App
from tests.support import databases
from tests.support.browser import Watched, watched
from tests.support.server import ProviderProcess

MASTER_KEY = b64url(b"b" * 32)


@dataclass
class House:
    """A running provider, and a hand behind its counter."""

    process: ProviderProcess
    staff: Provider
    apps: ExitStack

    @property
    def issuer(self) -> str:
        return self.process.issuer

    def open_app(self, name: str, *, scope: str = "openid profile email", **metadata: Any) -> App:
        """Start a client application and register it."""
        app = self.apps.enter_context(App(name, scope=scope))
        registered = self.staff.add_client(
            client_name=name,
            redirect_uris=(app.callback,),
            post_logout_redirect_uris=(app.signed_out,),
            **metadata,
        )
        app.registered_as(registered.client.client_id, registered.secret, self.issuer)
        return app


@contextmanager
def opened_house(kind: str, folder: Path, **environment: str) -> Iterator[House]:
    """Serve a fresh database of this kind."""
    with ExitStack() as stack:
        url = stack.enter_context(databases.fresh_database(kind, folder))
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


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A provider for all tests of this worker; each has people and clients of its own."""
    with opened_house("sqlite", tmp_path_factory.mktemp("house")) as made:
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
