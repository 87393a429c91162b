"""The client applications' process, seen from the one that starts it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

STOP_SECONDS = 2


class Companion:
    """Starts importing at once; serves when told what; gone after the `with`."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-m", "idp.demo.process", str(port)]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def tell(self, issuer: str, registrations: Sequence[dict[str, str]]) -> None:
        """Say what to serve."""
        told = {"issuer": issuer, "registrations": registrations}
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(told) + "\n")
                self._process.stdin.flush()

    def is_ready(self) -> bool:
        """Wait until the applications answer; False when they ended instead."""
        stdout = self._process.stdout
        return stdout is not None and stdout.readline().strip() == "ready"

    def wait(self) -> int:
        """Wait for the end of the process; return its exit status."""
        return self._process.wait()
