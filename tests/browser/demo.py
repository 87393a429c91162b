"""The demo as `make run` starts it, and its applications one by one, which may be away."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from werkzeug.serving import make_server

from idp.demo.client import create_client
from idp.demo.registration import CALLBACK, SIGNED_OUT, TOLD, Registration
from tests.browser.house import House
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


class DemoApp:
    """One of the demo's applications at a provider; while it is away nobody listens on its port."""

    def __init__(self, house: House, name: str) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        registered = house.staff.add_client(
            client_name=name,
            redirect_uris=(f"{self.url}{CALLBACK}",),
            post_logout_redirect_uris=(f"{self.url}{SIGNED_OUT}",),
            backchannel_logout_uri=f"{self.url}{TOLD}",
            grant_types=("authorization_code", "refresh_token"),
            first_party=True,
        )
        registration = Registration(
            name=name,
            path="",
            client_id=registered.client.client_id,
            client_secret=registered.secret or "",
        )
        self._flask = create_client(house.issuer, [asdict(registration)])
        # Cookies know no ports, so two applications on this machine need two names.
        self._flask.config["SESSION_COOKIE_NAME"] = f"demo_{self.port}"

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.go_away()

    def come_back(self) -> None:
        """Listen, with what it remembered."""
        self._server = make_server("127.0.0.1", self.port, self._flask, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def go_away(self) -> None:
        """Be out of reach."""
        self._server.shutdown()
        self._server.server_close()
