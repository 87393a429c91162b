"""The process of the demo's client applications: `python -m idp.demo.process PORT`.

It imports while the provider starts, waits for a line of JSON on standard input, says `ready`
when it serves, and ends when standard input does: with whoever started it, however that ends.
"""

import json
import logging
import os
import signal
import sys
import threading

from werkzeug.serving import make_server

from idp.demo.client import create_client


def run(port: int) -> None:
    """Serve the applications that standard input describes."""
    # Ctrl-C reaches every process of a terminal; the one that started us sees to our end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    line = sys.stdin.readline()
    if not line:
        return
    app = create_client(**json.loads(line))
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    print("ready", flush=True)  # noqa: T201 - the word that our parent waits for
    server.serve_forever()


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    run(int(sys.argv[1]))
