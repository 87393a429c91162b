"""A running demo."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import free_port


class Demo:
    """`idp demo` in a data folder; says what it printed and how long it took to be ready."""

    def __init__(self, folder: Path, port: int | None = None, client_port: int | None = None):
        self.folder = folder
        self.port, self.client_port = port or free_port(), client_port or free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.base = f"http://localhost:{self.client_port}"
        self.ready_after = 0.0
        self._lines: list[str] = []

    def __enter__(self) -> Self:
        started = time.monotonic()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("IDP_")}
        command = [sys.executable, "-m", "idp", "demo", "--data-dir", str(self.folder)]
        command += ["--port", str(self.port), "--client-port", str(self.client_port)]
        self.process = subprocess.Popen(
            command,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        while not any(line.startswith("Open ") for line in self._lines):
            if self.process.poll() is not None or time.monotonic() - started > 60:
                raise RuntimeError(self.said())
            time.sleep(0.01)
        self.ready_after = time.monotonic() - started
        time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.stop()

    def said(self) -> str:
        return "".join(self._lines)

    def password(self) -> str | None:
        found = re.search(r"Password +(\S+) +\(not shown again\)", self.said())
        return found[1] if found else None

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """End it as an operator does, Ctrl-C as a terminal does; return its exit status."""
        if signum == signal.SIGINT:
            os.killpg(self.process.pid, signum)
        else:
            self.process.send_signal(signum)
        try:
            status = self.process.wait(15)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self._reader.join(5)
        return status

    def _read(self) -> None:
        if self.process.stdout is not None:
            with self.process.stdout as output:
                for line in output:
                    self._lines.append(line)
