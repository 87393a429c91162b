"""`idp serve` as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from idp.cli.serve import place_of
from tests.cli.conftest import MASTER_KEY, Idp
from tests.support import databases
from tests.support.ports import free_port
from tests.support.server import ProviderProcess

KEYED = {"IDP_MASTER_KEY": MASTER_KEY}
# What an operator should see is under two seconds; a busy build machine gets more.
STOPS_WITHIN = 6


def gone(port: int, within: float = 10) -> bool:
    """Tell whether nobody listens on a port any more."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return True
        time.sleep(0.02)
    return False


def test_one_line_says_where_it_serves_and_sigterm_ends_it_cleanly(
    database_url: str, tmp_path: Path
) -> None:
    with ProviderProcess(database_url, tmp_path, environment=KEYED) as provider:
        wanted = f"Serving {provider.issuer} on 127.0.0.1:{provider.port}\n"
        deadline = time.monotonic() + 5
        while provider.log() != wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        started = time.monotonic()
        status = provider.stop()
        assert time.monotonic() - started < STOPS_WITHIN
        assert (status, provider.log()) == (0, wanted)
        assert gone(provider.port)


def test_ctrl_c_in_a_terminal_ends_it_without_a_word(sqlite_url: str, tmp_path: Path) -> None:
    with ProviderProcess(sqlite_url, tmp_path) as provider:
        os.killpg(provider.pid, signal.SIGINT)
        assert os.waitpid(provider.pid, 0)[1] == 0
        assert gone(provider.port)
        assert not re.search(r"Traceback|ERROR|Unexpected", provider.log())


def test_workers_do_not_outlive_a_parent_that_is_killed(sqlite_url: str, tmp_path: Path) -> None:
    with ProviderProcess(sqlite_url, tmp_path) as provider:
        os.kill(provider.pid, signal.SIGKILL)
        assert gone(provider.port)


def test_several_workers_serve_a_postgresql_database(postgresql_url: str, tmp_path: Path) -> None:
    two = ("--workers", "2", "--threads", "2")
    with ProviderProcess(postgresql_url, tmp_path, arguments=two, environment=KEYED) as provider:
        assert provider.stop() == 0


def test_sqlite_is_served_by_one_worker(idp_on_sqlite: Idp) -> None:
    assert "PostgreSQL" in idp_on_sqlite.refused("serve", "--workers", "2")


def test_two_nodes_that_start_at_once_share_one_set_of_keys(
    postgresql_url: str, tmp_path: Path
) -> None:
    ports = [free_port(), free_port()]
    given = {"IDP_DATABASE_URL": postgresql_url, "IDP_DATA_DIR": str(tmp_path), **KEYED}
    nodes = [
        subprocess.Popen(
            [sys.executable, "-m", "idp", "serve", "--port", str(port)],
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for port in ports
    ]
    told = [node.stdout.readline() for node in nodes if node.stdout]
    for node in nodes:
        node.terminate()
    rest = [node.communicate(timeout=30)[0] for node in nodes]
    assert all(line.startswith("Serving") for line in told), (told, rest)
    assert [node.returncode for node in nodes] == [0, 0]


def test_postgresql_is_not_migrated_by_serving_it(idp_on_sqlite: Idp, tmp_path: Path) -> None:
    with databases.empty_database("postgresql", tmp_path) as url:
        idp_on_sqlite.environment["IDP_DATABASE_URL"] = url
        assert "idp migrate" in idp_on_sqlite.refused("serve", "--port", str(free_port()))


def test_a_taken_port_is_said_to_be_taken(idp_on_sqlite: Idp) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = idp_on_sqlite.refused("serve", "--port", str(port))
    assert said == f"Error: Cannot listen on 127.0.0.1:{port}: address already in use.\n"


@pytest.mark.parametrize("host", ["203.0.113.7", "not a host"])
def test_an_address_of_another_machine_is_refused(tmp_path: Path, host: str) -> None:
    # In a process of its own: in this one, no name outside the loopback interface is looked up.
    provider = ProviderProcess(f"sqlite:///{tmp_path}/idp.sqlite3", tmp_path)
    with pytest.raises(RuntimeError, match=host):
        provider.run("serve", "--host", host, "--port", str(free_port()))


@pytest.mark.parametrize(
    ("issuer", "place"),
    [
        ("http://localhost:9123", ("127.0.0.1", 9123)),
        ("http://127.0.0.1", ("127.0.0.1", 80)),
        ("https://id.example.test", ("0.0.0.0", 8000)),
    ],
)
def test_the_default_place_follows_from_the_issuer(
    idp_on_sqlite: Idp, issuer: str, place: tuple[str, int]
) -> None:
    idp_on_sqlite.environment["IDP_ISSUER"] = issuer
    assert place_of(idp_on_sqlite.settings()) == place
