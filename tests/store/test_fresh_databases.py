"""What the tests stand on: a database that served one test serves the next as if it were new."""

from pathlib import Path

import psycopg
import pytest

from tests.support.databases import fresh_database


def rows_of(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        (count,) = connection.execute("SELECT count(*) FROM throttles").fetchone()
    return int(count)


def after(folder: Path, statement: str) -> str:
    """Return the URL of a database in which a test has said this."""
    with (
        fresh_database("postgresql", folder) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute(statement)
    return url


ENDING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.mark.parametrize(
    "statement", ["INSERT INTO throttles VALUES ('k', 1, now(), now())", ENDING]
)
def test_rows_and_ended_connections_do_not_reach_the_next_test(tmp_path: Path, statement: str):
    used = after(tmp_path, statement)

    with fresh_database("postgresql", tmp_path) as url:
        assert url == used
        assert rows_of(url) == 0


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE throttles ADD COLUMN more int", "CREATE TABLE more (a int)"],
)
def test_a_database_with_other_tables_serves_no_other_test(tmp_path: Path, statement: str):
    used = after(tmp_path, statement)

    with fresh_database("postgresql", tmp_path) as url:
        assert url != used
