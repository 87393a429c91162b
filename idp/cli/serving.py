"""The provider under granian: one parent, one process per worker, blocking threads in each."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server
from granian.server.common import AbstractServer

from idp.kernel.errors import SetupFault

if TYPE_CHECKING:
    import flask

    from idp.settings import Settings

BACKLOG = 1024
# A worker that is still busy this long after it was told to stop is stopped.
KILL_AFTER_SECONDS = 1
READY = "/.well-known/openid-configuration"
LOGS = {
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "generic"},
        "access": {"class": "logging.NullHandler"},
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where and how wide."""

    host: str
    port: int
    workers: int = 1
    threads: int = 4


def serve(settings: Settings, listening: Listening, when_ready: Callable[[], None]) -> None:
    """Serve until told to stop; the database is set up.

    Raises:
        SetupFault: the port is taken.
    """
    check_port_free(listening.host, listening.port)
    if sys.platform == "linux":
        # The parent has imported everything; a copy of it starts at once. (3.14 would spawn.)
        multiprocessing.set_start_method("fork", force=True)
    server = Server(
        "idp",
        address=listening.host,
        port=listening.port,
        interface=Interfaces.WSGI,
        workers=listening.workers,
        blocking_threads=listening.threads,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_level=LogLevels.warning,
        log_dictconfig=LOGS,
        workers_kill_timeout=KILL_AFTER_SECONDS,
    )
    server.on_startup(partial(_announce, server, listening, when_ready))
    with suppress(KeyboardInterrupt):  # Ctrl-C before granian listens to it
        server.serve(target_loader=partial(application, settings), wrap_loader=False)


def application(settings: Settings) -> flask.Flask:
    """Return the application, in the worker that will serve it."""
    from idp.app import create_app

    _follow_the_parent()
    app = create_app(settings)
    if settings.embedded:
        from idp.worker.loop import start

        start(app.extensions["idp"])
    return app


def check_port_free(host: str, port: int) -> None:
    """Let a port pass on which nobody listens.

    Several processes of one user may share a port, so the server itself would not notice.

    Raises:
        SetupFault: somebody does, or it cannot be had.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SetupFault(f"{host} is no address of this machine.") from error
    family, kind, protocol, _, address = addresses[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise SetupFault(
                f"Cannot listen on {host}:{port}: {(error.strerror or 'refused').lower()}."
            ) from error


def _follow_the_parent() -> None:
    """End with the parent, and only when it says so: Ctrl-C reaches every process of a terminal."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=follow, name="parent", daemon=True).start()


def _announce(
    server: AbstractServer[Any], listening: Listening, when_ready: Callable[[], None]
) -> None:
    """Call `when_ready` once the workers answer; granian itself has no such hook."""

    def watch() -> None:
        while len(server.wrks) < listening.workers or not _answers(listening):
            if server.interrupt_signal or server.interrupt_children:
                return
            time.sleep(0.02)
        when_ready()

    threading.Thread(target=watch, name="ready", daemon=True).start()


def _answers(listening: Listening) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening.host, listening.host)  # noqa: S104
    asking = http.client.HTTPConnection(host, listening.port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        asking.request("GET", READY)
        return asking.getresponse().status == http.HTTPStatus.OK
    return False
