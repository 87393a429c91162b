"""A provider in a process of its own, as an operator runs it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from click.testing import CliRunner

from tests.support.ports import free_port

__all__ = ["ProviderProcess", "free_port", "running_logs"]

_ROOT = Path(__file__).parents[2]
_TAIL = 8_000
_PR_SET_PDEATHSIG = 1
_running: list["ProviderProcess"] = []


class ProviderProcess:
    """`idp serve` on a port of its own; ready inside the `with`, gone after it."""

    def __init__(
        self,
        database_url: str,
        data_dir: Path,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        arguments: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        ready_seconds: float = 30,
        program: str = "idp",
    ) -> None:
        self.host = host
        self.port = port or free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.data_dir = data_dir
        self.log_file = data_dir / f"provider-{self.port}.log"
        self._arguments = arguments
        self._ready_seconds = ready_seconds
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("IDP_")} | {
            "IDP_ISSUER": self.issuer,
            "IDP_DATABASE_URL": database_url,
            "IDP_DATA_DIR": str(data_dir),
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is not None:
            error.add_note(f"{self.log_file.name}:\n{self.log()[-_TAIL:]}")

    @property
    def pid(self) -> int:
        """The process to send signals to."""
        if self._process is None:
            raise RuntimeError(self._told("not running"))
        return self._process.pid

    def start(self) -> None:
        """Start the provider and return when it answers; again after `stop` or `kill`."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", self._program, "serve", "--host", self.host]
        command += ["--port", str(self.port), *self._arguments]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # One system call, which takes no lock that another thread may hold.
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        _running.append(self)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> int:
        """End the provider as an operator does; return its exit status."""
        status = self._end(signal.SIGTERM)
        self.kill()
        return status

    def kill(self) -> None:
        """End the provider and its workers as a power cut does."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        _running.remove(self)

    def log(self) -> str:
        """Return what the provider has printed so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run another `idp` command with the same settings and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "idp", *arguments],
            cwd=_ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            message = f"idp {' '.join(arguments)}: status {done.returncode}\n{done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def run_here(self, *arguments: str, stdin: str = "") -> str:
        """Run another `idp` command so in this process, which has read the program already."""
        from idp.cli import main  # noqa: PLC0415  (the support itself needs no provider)

        names = {name for name in (*os.environ, *self.environment) if name.startswith("IDP_")}
        environment = {name: self.environment.get(name) for name in names}
        done = CliRunner().invoke(main, arguments, input=stdin, env=environment)
        if done.exit_code:
            message = f"idp {' '.join(arguments)}: status {done.exit_code}\n{done.output}"
            raise RuntimeError(message) from done.exception
        return done.stdout

    def _end(self, signum: int) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(signum)
        try:
            return self._process.wait(10)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._ready_seconds
        while not self._is_ready():
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(self._told("ended before it was ready"))
            if time.monotonic() > deadline:
                raise RuntimeError(self._told(f"not ready after {self._ready_seconds} s"))
            time.sleep(0.03)

    def _is_ready(self) -> bool:
        # Under 127.0.0.1, not its issuer's name: another provider may hold the port on ::1.
        address = f"http://{self.host}:{self.port}/.well-known/openid-configuration"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def _told(self, what: str) -> str:
        return f"the provider is {what}; it said:\n{self.log()[-_TAIL:]}"


def running_logs() -> list[tuple[str, str]]:
    """Return a title and the last lines of each provider now running, for a failure report."""
    return [(f"provider at {p.issuer}", p.log()[-_TAIL:]) for p in _running]


def _die_with_parent() -> None:
    """Have the kernel end the provider when the process that tests it is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
