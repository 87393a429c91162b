"""A provider as an operator runs it, and what a test prepares behind its counter."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp.app.composition import compose
from idp.kernel.encoding import b64url
from idp.settings import Settings
from idp.store.database import Database
from idp.store.migrate import upgrade
from tests.app import FakeClock, Provider
from tests.browser.relying_party import App
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
def opened_house(folder: Path, **environment: str) -> Iterator[House]:
    """Serve a fresh SQLite database in `folder`."""
    url = f"sqlite:///{folder / 'idp.sqlite3'}"
    upgrade(url)
    with ExitStack() as stack:
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
