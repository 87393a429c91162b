"""The command as a whole: help, refusals, what it needs."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from idp import __version__
from idp.cli import COMMANDS
from idp.sessions import service as sessions
from tests.cli.conftest import MASTER_KEY, Idp
from tests.support import databases

HEAVY = ("flask", "sqlalchemy", "authlib", "pydantic", "granian", "cryptography")


def test_help_names_every_command_in_words(idp_on_sqlite: Idp) -> None:
    told = idp_on_sqlite("--help")
    for command in COMMANDS:
        assert f"\n  {command.name} " in told
        assert idp_on_sqlite(str(command.name), "--help").startswith("Usage:")
    assert __version__ in idp_on_sqlite("--version")


def test_help_answers_without_importing_what_only_commands_need() -> None:
    ask = f"import sys, idp.cli; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [("policy", "show"), ("policy", "show", "--json")])
def test_an_answer_that_cannot_be_written_is_told_in_a_line(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", "from idp.cli import main; main()", *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode != 0
    assert done.stderr.startswith("Error: No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("user", "list"), ("client", "list"), ("key", "list"), ("migrate",), ("serve",), ("worker",)],
)
def test_bad_settings_are_told_together_by_every_command(
    idp_on_sqlite: Idp, arguments: tuple[str, ...]
) -> None:
    idp_on_sqlite.environment |= {"IDP_ISSUER": "http://id.example", "IDP_CODE_LIFETIME": "-5"}
    said = idp_on_sqlite.refused(*arguments)
    assert "IDP_ISSUER" in said
    assert "IDP_CODE_LIFETIME: a whole number of seconds" in said


@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_database_without_tables_is_told_what_to_run(
    idp_on_sqlite: Idp, kind: str, tmp_path: Path
) -> None:
    with databases.empty_database(kind, tmp_path) as url:
        idp_on_sqlite.environment["IDP_DATABASE_URL"] = url
        assert "idp migrate" in idp_on_sqlite.refused("user", "list")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/idp", "IDP_DATABASE_URL"),
        ("nonsense", "IDP_DATABASE_URL"),
        ("postgresql://idp:secret@127.0.0.1:port/idp", "IDP_DATABASE_URL"),
        ("postgresql://idp:secret@127.0.0.1:1/idp", "does not answer"),
    ],
)
@pytest.mark.parametrize("command", [("user", "list"), ("migrate",)])
def test_a_database_out_of_reach_is_said_to_be(
    idp_on_sqlite: Idp, url: str, said: str, command: tuple[str, ...]
) -> None:
    idp_on_sqlite.environment["IDP_DATABASE_URL"] = url
    told = idp_on_sqlite.refused(*command)
    assert said in told
    assert "secret" not in told


@pytest.mark.parametrize(
    "arguments",
    [("session", "show", "\udcff"), ("user", "invite", "a\udcff"), ("device", "list", "\udcff")],
)
def test_bytes_that_are_no_text_are_said_to_be_none(idp: Idp, arguments: tuple[str, ...]) -> None:
    assert "not valid UTF-8" in idp.refused(*arguments, status=2)


def test_instants_are_written_one_way_for_programs(idp: Idp) -> None:
    sub = idp.add_user()
    idp.add_client()
    with idp.inside() as ctx:
        sid = sessions.open_session(ctx, sub, ("pwd",), None).session.sid
    commands = (
        ("user", "list"),
        ("key", "list"),
        ("session", "list"),
        ("session", "show", sid),
        ("session", "end", sid, "--reason", "a test"),
        ("session", "show", sid),
    )
    told = [each for command in commands for each in instants_in(idp.json(*command))]

    assert len(told) > 10
    assert [each for each in told if datetime.fromisoformat(each).isoformat() != each] == []


def instants_in(told: Any) -> Iterator[str]:
    """What stands in an answer under the names of instants."""
    for each in told if isinstance(told, list) else [told]:
        for name, value in each.items():
            if value is not None and name.endswith(("_at", "_until")):
                yield value


def test_a_file_that_is_no_database_is_said_to_be_none(idp_on_sqlite: Idp, tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("Shall I compare thee to a summer's day? " * 100)
    idp_on_sqlite.environment["IDP_DATABASE_URL"] = f"sqlite:///{tmp_path / 'poem.txt'}"
    assert "not a database" in idp_on_sqlite.refused("user", "list")


def test_another_master_key_is_refused_before_it_seals_anything(idp: Idp) -> None:
    idp("migrate")
    idp.environment["IDP_MASTER_KEY"] = MASTER_KEY[::-1]
    for command in (("key", "rotate"), ("user", "list"), ("migrate",)):
        assert "another master key" in idp.refused(*command)


def test_postgresql_needs_its_master_key_given(postgresql_url: str, idp_on_sqlite: Idp) -> None:
    idp_on_sqlite.environment |= {"IDP_DATABASE_URL": postgresql_url, "IDP_MASTER_KEY": None}
    assert "IDP_MASTER_KEY" in idp_on_sqlite.refused("user", "list")


@pytest.mark.parametrize("written", ["7200", "PT2H", "PT7200S"])
def test_a_duration_is_given_in_seconds_or_as_iso_8601(idp_on_sqlite: Idp, written: str) -> None:
    idp_on_sqlite.environment["IDP_SESSION_IDLE"] = written
    said = [each["what"] for each in idp_on_sqlite.json_of("check")["findings"]]
    assert "IDP_SESSION_IDLE is 2h." in said
