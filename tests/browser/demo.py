"""The demo as `make run` starts it: provider, account and two client applications."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import free_port

_ROOT = Path(__file__).parents[2]


class Demo:
    """`idp demo` on ports of its own; ready inside the `with`."""

    username = "demo"

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.port, self.client_port = free_port(), free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.client = f"http://localhost:{self.client_port}"
        self.password = ""
        self._folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("IDP_")}
        self._environment = {**kept, "PYTHONUNBUFFERED": "1", **environment}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "idp", "demo", "--data-dir", str(self._folder)]
        command += ["--port", str(self.port), "--client-port", str(self.client_port)]
        self._log = (self._folder / "demo.log").open("w+")
        self._process = subprocess.Popen(
            command,
            cwd=_ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        said = ""
        for line in self._process.stdout:
            said += line
            if found := re.search(r"Password +(\S+)", said):
                self.password = found[1]
                return self
        self._end()
        message = f"the demo did not start; it said:\n{said}\n{self._errors()}"
        raise RuntimeError(message)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            error.add_note(f"the demo's log:\n{self._errors()[-8000:]}")
        self._end()

    def _errors(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
        self._log.close()
