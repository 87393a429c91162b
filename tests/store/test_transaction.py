"""One unit of work: reads at once, the first write opens it, an end closes it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError, PendingRollbackError

from idp.kernel.errors import Unavailable
from idp.store import seals
from idp.store.database import Database, Transaction
from idp.store.prepared import Prepared
from idp.store.schema import seals as table
from tests.app import Provider, RelyingParty
from tests.machines.statements import overheard
from tests.store.conftest import opened


def put(db: Transaction, name: str, value: str = "1") -> None:
    db.write(insert(table).values(name=name, value=value))


def names(database: Database) -> list[str]:
    with database.transaction() as db:
        return list(db.read(select(table.c.name).order_by(table.c.name)).scalars())


class CrashError(Exception):
    """Something that nobody foresaw."""


Act = Callable[[Transaction], object]


def request(database: Database, *acts: Act) -> None:
    """Do these one after the other, as one request does."""
    with database.transaction() as db:
        for act in acts:
            act(db)


def writes(name: str) -> Act:
    return lambda db: put(db, name)


_PUT = Prepared(insert(table).values(name=bindparam("name"), value="1"))


def writes_at_once(name: str) -> Act:
    return lambda db: db.write_at_once(_PUT, {"name": name})


def reads(db: Transaction) -> None:
    seals.read(db, "one")


def commits(db: Transaction) -> None:
    db.commit()


def crashes(db: Transaction) -> None:
    raise CrashError


def test_a_read_before_the_first_write_sees_the_newest_state(database: Database):
    with database.transaction() as reader:
        assert seals.read(reader, "one") is None
        with database.transaction() as writer:
            put(writer, "one", "first")
        assert seals.read(reader, "one") == "first"


def test_nothing_is_said_until_something_is_asked(provider: Provider):
    with overheard(provider) as heard:
        with provider.house.get(Database).transaction() as db:
            db.commit()
        with provider.house.get(Database).transaction() as db:
            seals.read(db, "one")

    assert [each.split()[0] for each in heard.said] == ["SELECT"]


def test_a_write_is_seen_inside_at_once_and_outside_after_the_commit(database: Database):
    with database.transaction() as writer:
        put(writer, "one")
        assert seals.read(writer, "one") == "1"
        assert names(database) == []
        writer.commit()
        assert names(database) == ["one"]


def test_a_crash_leaves_nothing(database: Database):
    with pytest.raises(CrashError):
        request(database, writes("one"), writes("two"), crashes)

    assert names(database) == []


def test_a_fault_of_the_database_leaves_nothing_of_what_came_before_it(database: Database):
    with pytest.raises(IntegrityError):
        request(database, writes("one"), writes("one"))

    assert names(database) == []


def test_what_was_not_committed_is_forgotten_on_closing(database: Database):
    db = database.transaction()
    put(db, "one")
    db.close()

    assert names(database) == []


def test_a_transaction_goes_on_after_its_commit(database: Database):
    """As the throttle does: it commits its count, and the request then writes more."""
    with pytest.raises(CrashError):
        request(database, writes("counted"), commits, writes("lost"), crashes)

    assert names(database) == ["counted"]


def test_what_is_written_at_once_lasts_before_the_end(database: Database):
    with pytest.raises(CrashError):
        request(database, writes_at_once("one"), lambda _: names(database) == ["one"], crashes)

    assert names(database) == ["one"]


def test_what_is_written_at_once_inside_a_transaction_is_part_of_it(database: Database):
    with pytest.raises(CrashError):
        request(database, writes("one"), writes_at_once("two"), crashes)

    assert names(database) == []


def test_after_what_was_written_at_once_a_transaction_begins_as_ever(database: Database):
    with pytest.raises(CrashError):
        request(database, writes_at_once("one"), writes("two"), crashes)
    request(database, writes_at_once("three"), writes("four"))

    assert names(database) == ["four", "one", "three"]


def test_what_cannot_be_written_at_once_holds_nobody_up(database: Database):
    for _ in range(2):
        with pytest.raises(IntegrityError):
            request(database, writes_at_once("one"), writes_at_once("one"))

    request(database, writes("two"))
    assert names(database) == ["one", "two"]


def test_the_connection_is_given_back_however_it_ends(database_url: str):
    with opened(database_url, pool=1) as database:
        for _ in range(3):
            with pytest.raises(CrashError):
                request(database, writes("one"), crashes)
        request(database, writes("two"))
        assert names(database) == ["two"]


def test_an_answer_that_refuses_commits_what_led_to_it(rp: RelyingParty):
    """A protocol error is an answer: what is written about it survives its own 4xx."""
    assert rp.redeem(rp.code(), code_verifier="w" * 43).status_code == 400

    assert rp.provider.event_names()[-1] == "grant.refused"


# Many at once


def test_no_change_is_lost_among_many_writers(database: Database):
    with database.transaction() as db:
        put(db, "counter", "0")
    raised = update(table).values(value=text("CAST(CAST(value AS INTEGER) + 1 AS VARCHAR)"))

    def add(_: int) -> None:
        with database.transaction() as db:
            db.write(raised)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(64)))

    with database.transaction() as db:
        assert seals.read(db, "counter") == "64"


@pytest.mark.parametrize("act", [writes("second"), writes_at_once("second")])
def test_on_sqlite_the_writers_of_a_process_queue(sqlite_url: str, act: Act):
    """Nobody waits for SQLite's busy handler, which forgets who came first."""
    with opened(sqlite_url) as database:
        order: list[str] = []
        first = database.transaction()
        put(first, "first")

        def second() -> None:
            request(database, act)
            order.append("second")

        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
        first.commit()
        waiting.join(5)
        first.close()

        assert order == ["first", "second"]
        assert names(database) == ["first", "second"]


def test_on_sqlite_nobody_who_reads_waits_for_a_writer(sqlite_url: str):
    with opened(sqlite_url) as database, database.transaction() as writer:
        put(writer, "one")
        started = time.monotonic()
        assert names(database) == []
        assert time.monotonic() - started < 1


# Connections that die


def terminate_all(url: str, wait: int = 0) -> None:
    """End every other connection to this database, as a restart does; `wait` until they ended."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            f"SELECT pg_terminate_backend(pid, {wait}) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def sleeping_connections(database: Database, count: int) -> None:
    """Let the pool hold connections that were used before."""
    many = [database.transaction() for _ in range(count)]
    for db in many:
        seals.read(db, "one")
    for db in many:
        db.close()


@pytest.mark.parametrize("act", [reads, writes("one")], ids=["read", "write"])
def test_a_pooled_connection_that_is_dying_is_replaced(postgresql_url: str, act: Act):
    with opened(postgresql_url) as database:
        sleeping_connections(database, 4)
        terminate_all(postgresql_url)

        request(database, act)
        request(database, reads, writes("two"))


@pytest.mark.parametrize(
    "act",
    [reads, writes("one"), writes_at_once("one")],
    ids=["read", "write", "write at once"],
)
def test_a_pooled_connection_that_died_while_it_slept_is_replaced(postgresql_url: str, act: Act):
    with opened(postgresql_url) as database:
        sleeping_connections(database, 4)
        terminate_all(postgresql_url, wait=5000)

        request(database, act)
        request(database, reads, writes("two"))


def test_a_connection_that_dies_in_the_middle_takes_everything_with_it(postgresql_url: str):
    with opened(postgresql_url) as database:
        with pytest.raises(Unavailable):
            request(database, writes("one"), lambda _: terminate_all(postgresql_url), writes("two"))

        assert names(database) == []


def test_what_dies_while_it_is_written_at_once_is_refused_and_never_said_again(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
):
    """It may have been taken: only who asked knows whether to ask again."""

    def dies(*_: object, **__: object) -> None:
        said.append(1)
        raise psycopg.OperationalError

    with opened(postgresql_url) as database:
        said: list[int] = []
        with database.transaction() as db:
            with monkeypatch.context() as patching:
                patching.setattr(psycopg.Cursor, "execute", dies)
                with pytest.raises(Unavailable):
                    db.write_at_once(_PUT, {"name": "one"})
            db.write_at_once(_PUT, {"name": "two"})

        assert said == [1]
        assert names(database) == ["two"]


def test_a_connection_that_dies_before_the_commit_is_no_commit(postgresql_url: str):
    with opened(postgresql_url) as database:
        with pytest.raises(Unavailable):
            request(database, writes("one"), lambda _: terminate_all(postgresql_url))

        assert names(database) == []


@pytest.mark.parametrize("afterwards", [commits, writes("two")], ids=["commit", "write"])
def test_a_transaction_whose_connection_died_stays_dead(postgresql_url: str, afterwards: Act):
    """Whoever overlooks the failure does not go on with half of it on another connection."""

    def overlooks_a_failure(db: Transaction) -> None:
        terminate_all(postgresql_url)
        with pytest.raises(Unavailable):
            reads(db)

    with opened(postgresql_url) as database:
        with pytest.raises((Unavailable, PendingRollbackError)):
            request(database, writes("one"), overlooks_a_failure, afterwards)

        assert names(database) == []


def test_a_read_that_dies_after_another_is_refused_and_the_next_one_is_not(postgresql_url: str):
    with opened(postgresql_url) as database:
        with pytest.raises(Unavailable):
            request(database, reads, lambda _: terminate_all(postgresql_url), reads)

        assert names(database) == []


def test_a_pool_that_is_used_up_is_unavailable(postgresql_url: str, monkeypatch):
    with opened(postgresql_url, pool=1) as database:
        monkeypatch.setattr(database.engine.pool, "_timeout", 0.1)
        with database.transaction() as holder:
            seals.read(holder, "one")
            with pytest.raises(Unavailable):
                request(database, writes("two"))
        assert names(database) == []


def test_a_database_that_is_not_there_is_unavailable(tmp_path):
    url = f"postgresql://idp@/none?host={tmp_path}&port=1"
    with opened(url) as database, pytest.raises(Unavailable):
        request(database, writes("one"))


def test_what_is_committed_on_sqlite_survives_a_power_cut(sqlite_url: str) -> None:
    with opened(sqlite_url) as database, database.transaction() as db:
        assert db.read(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert db.read(text("PRAGMA synchronous")).scalar_one() == 2  # FULL
