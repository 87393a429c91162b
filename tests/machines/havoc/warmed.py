"""Servers in no time: forks of one warmed process, each with a death of its own, or none."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.machines.burst import Answer
from tests.machines.havoc.fail_points import FailPoint
from tests.machines.havoc.wire import exchange
from tests.machines.installation import SHARED

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Served:
    """A server process."""

    pid: int
    port: int

    def send(self, request: bytes) -> Answer:
        """Send one request; status 0 says that the server died of it."""
        return exchange(self.port, request)


@dataclass(frozen=True, slots=True)
class Death:
    """What came of one request to a server with a fail point."""

    answer: Answer
    died: bool
    statement: str


class Warmed:
    """The process that forks servers over one database; inside the `with`."""

    def __init__(self, database_url: str, folder: Path, **environment: str) -> None:
        self._log = folder / "warmed.log"
        self._last_words = folder / "last-words"
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("IDP_")} | {
            **SHARED,
            "IDP_DATABASE_URL": database_url,
            "IDP_DATA_DIR": str(folder),
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.machines.havoc.launcher"],
                cwd=_ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)
        if error is not None:
            error.add_note(self._log.read_text(errors="replace")[-8000:])

    @contextmanager
    def server(self) -> Iterator[Served]:
        """Give a server that lives as long as the `with`."""
        served = Served(**self._order({"serve": None}))
        yield served
        self._order({"bury": served.pid})

    def dying(self, point: FailPoint, request: bytes) -> Death:
        """Send one request to a server that dies at `point`, if it comes there."""
        self._last_words.unlink(missing_ok=True)
        order = {
            "number": point.number,
            "side": point.side,
            "last_words": str(self._last_words),
        }
        served = Served(**self._order({"serve": order}))
        answer = served.send(request)
        died = self._order({"bury": served.pid})["signal"] == signal.SIGKILL
        return Death(answer, died, self._last_words.read_text() if died else "")

    def _order(self, order: dict[str, Any]) -> dict[str, int]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("not running")
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the launcher died:\n{self._log.read_text(errors='replace')}")
        return dict(json.loads(line))
