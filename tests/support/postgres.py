"""A private PostgreSQL server: one for all workers of a run, gone when the run is gone.

A keeper process (this module, run by itself) starts the server and stops it when the run's first
process ends, however that ended. Nothing is left behind by a worker that was killed.
"""

import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from filelock import FileLock
from psycopg import sql

from tests.support import run
from tests.support.ports import free_port

_START_SECONDS = 60
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/libexec/postgresql*",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
# Durability against a power cut is not what these tests are about; crashes of the provider are.
_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "log_min_messages": "warning",
    "max_connections": "300",
    "shared_buffers": "64MB",
}


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs; the newest, where there are several."""
    found = [folder for place in _PLACES for folder in Path("/").glob(place[1:])]
    found = [folder for folder in found if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: [int(n) for n in _numbers(str(folder))])
    on_path = shutil.which("initdb")
    if on_path is None:
        message = "No PostgreSQL server here: run tests/install_system_packages.sh tests"
        raise RuntimeError(message)
    return Path(on_path).resolve().parent


def _numbers(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


@dataclass(frozen=True)
class Cluster:
    """A running server and the ways to reach it."""

    sockets: str
    port: int
    password: str

    def url(self, database: str) -> str:
        """Return the URL of `database` through the Unix socket."""
        return f"postgresql://idp@/{database}?host={self.sockets}&port={self.port}"

    def tcp_url(self, database: str) -> str:
        """Return the URL of `database` through the loopback interface, with a password."""
        return f"postgresql://idp:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make the database `name`, a copy of `template`, and return its URL."""
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove the database `name`, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Return `name`, a database that `prepare(url)` filled once in this run, to be copied."""
        with FileLock(run.folder() / f"{name}.template.lock"):
            if not self._exists(name):
                draft = f"{name}_draft"
                self.drop_database(draft)
                prepare(self.create_database(draft))
                self._run(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(draft), sql.Identifier(name)
                    )
                )
        return name

    def _exists(self, name: str) -> bool:
        with self.connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def _run(self, statement: sql.Composed) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Return a connection of the server's owner."""
        return psycopg.connect(
            host=self.sockets, port=self.port, user="idp", dbname=database, autocommit=True
        )


def shared_cluster() -> Cluster:
    """Return the server of this run; the first worker that asks starts it."""
    return Cluster(**json.loads(run.once("postgres.json", _start_keeper).read_text()))


def stop_shared_cluster() -> None:
    """Stop the server of this run, if one was started."""
    pid = run.folder() / "postgres.keeper"
    if not pid.exists():
        return
    keeper = int(pid.read_text())
    with suppress(ProcessLookupError):
        os.kill(keeper, signal.SIGTERM)
    deadline = time.monotonic() + 15
    while (run.folder() / "pg").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    with suppress(ChildProcessError):  # a child of this process only where there are no workers
        os.waitpid(keeper, 0)


def _start_keeper(draft: Path) -> None:
    log = run.folder() / "postgres.keeper.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.postgres", str(run.owner()), str(draft)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    (run.folder() / "postgres.keeper").write_text(str(keeper.pid))
    ready = draft.with_name("postgres.ready")
    deadline = time.monotonic() + _START_SECONDS
    while not ready.exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            message = f"PostgreSQL did not start:\n{log.read_text(errors='replace')}"
            raise RuntimeError(message)
        time.sleep(0.02)
    # It outlives this process on purpose; Popen must not complain about that.
    keeper.returncode = 0


# From here on: the keeper.


class _StopError(Exception):
    """The run asked the keeper to stop."""


def _account() -> dict[str, object]:
    """Return under whom the server runs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    message = "No account to run PostgreSQL under"
    raise RuntimeError(message)


def _initialise(home: Path, password: str, account: dict[str, object]) -> None:
    secret = home / "password"
    secret.write_text(password)
    if account:
        for path in (home, secret):
            os.chown(path, account["user"], account["group"])
    command = [binaries() / "initdb", "--pgdata", home / "data", "--username", "idp"]
    command += ["--encoding", "UTF8", "--locale", "C", "--no-sync", "--pwfile", secret]
    command += ["--auth-local", "trust", "--auth-host", "scram-sha-256"]
    subprocess.run(command, check=True, cwd=home, **account)


def _serve(home: Path, port: int, account: dict[str, object]) -> subprocess.Popen[bytes]:
    command = [binaries() / "postgres", "-D", home / "data", "-p", str(port), "-h", "127.0.0.1"]
    command += ["-k", home]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    return subprocess.Popen(command, cwd=home, **account)


def _answers(cluster: Cluster) -> bool:
    with suppress(psycopg.OperationalError):
        cluster.connect().close()
        return True
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _stop(signum: int, frame: object) -> None:
    raise _StopError


def keep(owner: int, draft: Path) -> None:
    """Run a server until the process `owner` ends or this process is told to stop."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    home = draft.with_name("pg")
    home.mkdir(mode=0o700)
    cluster = Cluster(sockets=str(home), port=free_port(), password=secrets.token_hex(16))
    account = _account()
    server = None
    try:
        _initialise(home, cluster.password, account)
        server = _serve(home, cluster.port, account)
        while not _answers(cluster):
            if server.poll() is not None:
                message = "The server ended at once"
                raise RuntimeError(message)
            time.sleep(0.02)
        draft.write_text(json.dumps(vars(cluster)))
        draft.with_name("postgres.ready").touch()
        while _alive(owner):
            time.sleep(0.5)
    except _StopError:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # "immediate": nothing here is worth a checkpoint
            with suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()
            server.wait()
        shutil.rmtree(home, ignore_errors=True)
        if not _alive(owner):
            run.end(draft.parent)


if __name__ == "__main__":
    keep(int(sys.argv[1]), Path(sys.argv[2]))
