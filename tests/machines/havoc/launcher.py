"""A warmed provider that forks servers: `python -m tests.machines.havoc.launcher`.

It takes orders as JSON lines on standard input and answers them on standard output:
`{"serve": {"number": 3, "side": "before", "last_words": path}}`, or with null for a server that
lives on, is answered by pid and port; `{"bury": pid}` ends a server and is answered by the signal
that it died of.
"""

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import flask
from sqlalchemy import Engine

from idp.app import create_app
from idp.protocol.keys.keyring import Keyring
from idp.settings import Settings
from idp.store.database import Database
from idp.surroundings.agents import agent_of
from tests.machines.havoc import mutants
from tests.machines.havoc.fail_points import ANSWER, FailPoint, arm, dying_with_its_answer
from tests.support.server import _die_with_parent

_WARMING = ("/.well-known/openid-configuration", "/jwks", "/logout", "/account", "/userinfo")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Leave standard error to the provider."""


def main() -> None:
    """Take orders until standard input ends."""
    mutants.install()
    app = create_app()
    engine = app.extensions["idp"].get(Database).engine
    _warm(app, engine)
    for line in sys.stdin:
        order = json.loads(line)
        answer = _serve(app, order["serve"]) if "serve" in order else _bury(order["bury"])
        print(json.dumps(answer), flush=True)


def _warm(app: flask.Flask, engine: Engine) -> None:
    """Have everything imported, compiled and read; no connection may reach a child."""
    issuer = app.extensions["idp"].get(Settings).issuer
    browser = app.test_client()
    for path in _WARMING:
        browser.get(path, base_url=issuer)
    agent_of("")
    engine.dispose()
    gc.freeze()


def _serve(app: flask.Flask, point: dict[str, Any] | None) -> dict[str, int]:
    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    pid = os.fork()
    if pid == 0:
        _die_with_parent()
        _be(server, app, point)
    server.server_close()
    return {"pid": pid, "port": server.server_port}


def _be(server: WSGIServer, app: flask.Flask, point: dict[str, Any] | None) -> None:
    if point is not None:
        last_words = Path(point.pop("last_words"))
        fail_point = FailPoint(**point)
        if fail_point.side == ANSWER:
            server.set_app(dying_with_its_answer(app, last_words))
        house = app.extensions["idp"]
        # The n-th statement is the same one in every death: whether the keys are read must not
        # hang on how long ago this process's parent has read them.
        house.get(Keyring).forget()
        arm(house.get(Database).engine, fail_point, last_words)
    server.serve_forever()


def _bury(pid: int) -> dict[str, int]:
    """End a server, if it did not end by itself; tell whether it had."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended == 0:
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}


if __name__ == "__main__":
    main()
