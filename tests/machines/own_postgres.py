"""A PostgreSQL server of one test's own, with its durable defaults, that may be stopped."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support import postgres
from tests.support.ports import free_port

START_SECONDS = 30


class OwnPostgres:
    """Running inside the `with`; `stop` and `start` in between as often as a test likes."""

    def __init__(self) -> None:
        # A place that an account of PostgreSQL's own reaches, and short: it holds a Unix socket.
        self._home = Path(tempfile.mkdtemp(prefix="idp-own-pg-", dir="/tmp"))
        self._home.chmod(0o711)
        self._folder = self._home / "pg"
        self._account = postgres._account()
        self._cluster = postgres.Cluster(str(self._folder), free_port(), "")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700)
        if self._account:
            os.chown(self._folder, self._account["user"], self._account["group"])
        command = [postgres.binaries() / "initdb", "--pgdata", self._folder / "data"]
        command += ["--username", "idp", "--encoding", "UTF8", "--locale", "C", "--auth", "trust"]
        subprocess.run(
            command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL, **self._account
        )
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process from which all others of the server descend."""
        if self._process is None:
            raise RuntimeError("stopped")
        return self._process.pid

    def create_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        return self._cluster.create_database(name)

    def start(self) -> None:
        """Start the server and return when it answers."""
        command = [postgres.binaries() / "postgres", "-D", self._folder / "data"]
        command += ["-p", str(self._cluster.port), "-h", "127.0.0.1", "-k", self._folder]
        with (self._home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, **self._account
            )
        deadline = time.monotonic() + START_SECONDS
        while not postgres._answers(self._cluster):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._home / "server.log").read_text())
            time.sleep(0.02)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the server, every connection cut; `at_once` as `pg_ctl -m immediate`, by a crash."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(30)
            self._process = None
