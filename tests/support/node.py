"""Clients that others wrote, run by Node."""

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).parents[1] / "clients/node"


class NodeError(Exception):
    """The client refused what it was given; its own words."""


class NodeScript:
    """A running script of tests/clients/node that talks in JSON lines.

    It gets its arguments as one JSON document and answers a line per step; `{"error": …}` ends it.
    """

    def __init__(self, script: str, arguments: dict[str, Any]) -> None:
        node = shutil.which("node")
        if node is None:
            message = "No Node here: run tests/install_system_packages.sh tests"
            raise RuntimeError(message)
        self._process = subprocess.Popen(
            [node, script, json.dumps(arguments)],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    def answer(self) -> dict[str, Any]:
        """Return the script's next line.

        Raises:
            NodeError: the client refused, or ended without a word.
        """
        line = self._process.stdout.readline()
        if not line:
            raise NodeError(self._process.stderr.read() or "ended without an answer")
        said = json.loads(line)
        if "error" in said:
            raise NodeError(json.dumps(said))
        return said

    def tell(self, **values: Any) -> dict[str, Any]:
        """Send the script a line and return its answer."""
        self._process.stdin.write(json.dumps(values) + "\n")
        self._process.stdin.flush()
        return self.answer()


def run_script(script: str, **arguments: Any) -> dict[str, Any]:
    """Run a script that answers once and return its answer."""
    with NodeScript(script, arguments) as running:
        return running.answer()
