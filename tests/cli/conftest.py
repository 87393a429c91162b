"""The `idp` command over a fresh database, run in this process."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from idp.cli import main
from idp.cli.house import context, opened
from idp.context import RequestContext
from idp.kernel.encoding import b64url
from idp.settings import Settings
from idp.store.schema import audit_events

MASTER_KEY = b64url(b"c" * 32)
PASSWORD = "quiet lamps over tidewater"


@dataclass
class Idp:
    """The command and its environment."""

    data_dir: Path
    environment: dict[str, str | None] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str = "") -> Result:
        result = CliRunner().invoke(main, arguments, input=stdin, env=self.environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        assert "Traceback" not in result.output
        return result

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """Return what a command prints that does what it is asked."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, stdin: str = "") -> Any:
        return json.loads(self(*arguments, "--json", stdin=stdin))

    def json_of(self, *arguments: str) -> Any:
        """Return what a command answers whose status says something else than success."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def refused(self, *arguments: str, stdin: str = "", status: int = 1) -> str:
        """Return why a command does not do what it is asked; nothing else is printed."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == status, result.output
        assert result.stdout == ""
        return result.stderr

    def add_user(self, name: str = "ada") -> str:
        arguments = ("user", "create", name, "--email", f"{name}@example.test")
        made = self.json(*arguments, "--password-stdin", stdin=PASSWORD)
        return str(made["sub"])

    def add_client(self, *arguments: str) -> dict[str, Any]:
        name = ("--name", "Example App", "--redirect-uri", "https://app.example.test/cb")
        made: dict[str, Any] = self.json("client", "create", *name, *arguments)
        return made

    def settings(self) -> Settings:
        given = {k[4:].lower(): v for k, v in self.environment.items() if v is not None}
        return Settings(**given)

    @contextmanager
    def inside(self) -> Iterator[RequestContext]:
        """Look behind the counter."""
        with opened(self.settings()) as house, context(house) as ctx:
            yield ctx

    def events(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return the audit log: name, user, data."""
        columns = (audit_events.c.name, audit_events.c.user_id, audit_events.c.data)
        with self.inside() as ctx:
            rows = ctx.db.read(select(*columns).order_by(audit_events.c.id))
            return [(row.name, row.user_id, row.data) for row in rows]


def make_idp(database_url: str, folder: Path) -> Idp:
    others = {name: None for name in os.environ if name.startswith("IDP_")}
    folder.mkdir(mode=0o700, exist_ok=True)
    mine = {
        "IDP_ISSUER": "http://localhost:8000",
        "IDP_DATA_DIR": str(folder),
        "IDP_DATABASE_URL": database_url,
        "IDP_MASTER_KEY": MASTER_KEY,
    }
    return Idp(folder, {**others, **mine})


@pytest.fixture
def idp(database_url: str, tmp_path: Path) -> Idp:
    """The command, on each kind of database."""
    return make_idp(database_url, tmp_path)


@pytest.fixture
def idp_on_sqlite(sqlite_url: str, tmp_path: Path) -> Idp:
    """The command on SQLite, for what does not depend on the database."""
    return make_idp(sqlite_url, tmp_path)
