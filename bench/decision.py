"""`python -m bench.decision`: what one decision about a sign-in costs beside a million others.

The tables are filled as they would be: a million recorded decisions, every user's habits as full as
they become, a quarter of a million values that are common to all. CPU time is this process's and,
on PostgreSQL, the database server's.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from sqlalchemy import event, insert, literal_column, select, text

from bench.processes import cpu_seconds
from idp.context import RequestContext
from idp.judgement import habits, service
from idp.kernel.secrets import new_id
from idp.policy.risk import Features, Signals, score
from idp.policy.risk.fading import worth
from idp.policy.risk.habits import taught
from idp.store import migrate, users
from idp.store.database import Database
from idp.store.decisions import Recorded
from idp.store.schema import common_values, decisions, known_devices
from idp.store.schema import habits as habit_rows
from idp.store.schema import users as user_rows
from tests.app import NOON, Provider, make_provider
from tests.machines.own_postgres import OwnPostgres

Row = dict[str, Any]
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DOUBLINGS, CHUNK, PREFIXES, AGENTS = 6, 5000, 200_000, 50_000


def main() -> None:
    """Fill and measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="bench.decision", description=__doc__)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    parser.add_argument("--users", type=int, default=16_000, help="64 sign-ins of each are stored")
    parser.add_argument("--rounds", type=int, default=1000)
    asked = parser.parse_args()
    for kind in asked.database or ("sqlite", "postgresql"):
        with (
            tempfile.TemporaryDirectory(prefix="idp-bench-") as name,
            installation(kind, Path(name)) as (provider, roots),
        ):
            fill(provider, asked.users)
            measure(kind, provider, roots, asked.users, asked.rounds)


@contextmanager
def installation(kind: str, folder: Path) -> Iterator[tuple[Provider, list[int]]]:
    """Give a provider over an empty database, and the database's process if it has one."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'bench.sqlite3'}"
        migrate.upgrade(url)
        yield make_provider(url, folder, policy=""), []
        return
    with OwnPostgres() as cluster:
        url = cluster.create_database("bench")
        migrate.upgrade(url)
        provider = make_provider(url, folder, policy="")
        yield provider, [cluster.pid]
        provider.house.get(Database).engine.dispose()


def features_of(user: int, prefix: int) -> Features:
    return Features.of(
        at=NOON,
        address=f"10.{user % 200}.{prefix % 250}.{user % 250}",
        prefix=f"prefix {prefix}",
        asn=f"AS{prefix % 3000}",
        country="NO",
        user_agent=f"{AGENT} {user % 50}",
        browser="Firefox",
        version=str(100 + prefix % 40),
        system="Linux",
        device="desktop",
        known_device=True,
    )


def fill(provider: Provider, count: int) -> None:
    """Store users, their habits and devices, what is common, and a million decisions."""
    counters: Row = {}
    one = worth(NOON)
    for day in range(120):
        counters = taught(counters, features_of(1, day % 40), 1.0, day)
    with provider.context() as ctx:
        for begin in range(0, count, CHUNK):
            numbers = range(begin, min(begin + CHUNK, count))
            ctx.db.write_all(insert(user_rows), [a_user(number) for number in numbers])
            ctx.db.write_all(insert(habit_rows), [a_row_of(number, counters) for number in numbers])
            ctx.db.write_all(insert(known_devices), [a_device(number) for number in numbers])
            ctx.db.write_all(insert(decisions), [a_decision(number) for number in numbers])
        names = [("prefix", PREFIXES), ("agent", AGENTS), ("asn", 3000), ("country", 200)]
        for feature, kinds in names:
            sums = {"feature": feature, "value": "", "weight": 1e6 * one, "kinds": kinds}
            values = [
                {"feature": feature, "value": f"{feature} {n}", "weight": 5.0 * one, "kinds": 0}
                for n in range(kinds)
            ]
            ctx.db.write_all(insert(common_values), [sums, *values])
    columns = [each for each in decisions.c if each.name != "id"]
    for round_ in range(DOUBLINGS):
        again = select((decisions.c.id + literal_column(f"'-{round_}'")).label("id"), *columns)
        with provider.context() as ctx:
            ctx.db.write(insert(decisions).from_select(["id", *(c.name for c in columns)], again))
    with provider.house.get(Database).engine.connect() as connection:
        connection.execute(text("ANALYZE"))


def a_user(number: int) -> Row:
    return {
        "id": f"user{number}",
        "username": f"user{number}",
        "username_key": f"user{number}",
        "email_verified": False,
        "phone_number_verified": False,
        "profile": {},
        "groups": [],
        "created_at": NOON,
        "updated_at": NOON,
    }


def a_row_of(number: int, counters: Row) -> Row:
    return {
        "user_id": f"user{number}",
        "learned": 60.0,
        "counters": counters,
        "version": 1,
        "updated_at": NOON,
    }


def a_device(number: int) -> Row:
    return {
        "device_id": f"device{number}",
        "user_id": f"user{number}",
        "first_seen_at": NOON,
        "last_seen_at": NOON,
        "user_agent": AGENT,
        "confirmed_at": NOON,
    }


def a_decision(number: int) -> Row:
    made = Recorded(
        id=new_id(),
        at=NOON,
        moment="sign_in",
        outcome="allow",
        rule="defaults",
        policy_version="v",
        level="low",
        score=-5.0,
        user_id=f"user{number}",
        features=features_of(number, number % 40).values(),
        facts={"moment": "sign_in"},
    )
    return {name: getattr(made, name) for name in Recorded.__dataclass_fields__}


def measure(kind: str, provider: Provider, roots: list[int], count: int, rounds: int) -> None:
    """Print what reading, scoring and the whole decision take."""
    statements: list[str] = []
    engine = provider.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    with provider.context() as ctx:
        stored = ctx.db.read(text("SELECT count(*) FROM decisions")).scalar_one()
    print(f"\n{kind}: {stored} decisions, {count} users' habits, {PREFIXES + AGENTS} common values")

    def reading(ctx: RequestContext, number: int) -> None:
        habits.usual(ctx, f"user{number}", features_of(number, number % 40))

    with provider.context() as ctx:
        found = users.find(ctx.db, "user1")
    assert found is not None

    def whole(ctx: RequestContext, number: int) -> None:
        service.judge_sign_in(
            ctx,
            replace(found, id=f"user{number}"),
            amr=("pwd",),
            device_id=f"device{number}",
            client_id=None,
            second_step_owned=False,
        )

    for name, act in (("what is usual, read", reading), ("the whole decision", whole)):
        mine, theirs = timed(provider, roots, count, rounds, act)
        print(f"{name:<24}{mine:8.3f} ms here{theirs:8.3f} ms in the database")
    with provider.context() as ctx:
        usual = habits.usual(ctx, "user1", features_of(1, 1))
    begin = process_time()
    for _ in range(rounds):
        score(features_of(1, 1), usual, Signals())
    print(f"{'the score alone':<24}{1000 * (process_time() - begin) / rounds:8.3f} ms here")


def timed(
    provider: Provider,
    roots: list[int],
    count: int,
    rounds: int,
    act: Callable[[RequestContext, int], None],
) -> tuple[float, float]:
    """Return the median CPU milliseconds here, and the mean in the database.

    The act is one of a transaction that has read the user already, as a sign-in has; what that
    costs is taken off.
    """
    for number in range(50):
        once(provider, act, number)
    numbers = [number * 7919 % count for number in range(rounds)]
    at_first = cpu_seconds(roots)
    for number in numbers:
        once(provider, lambda *_: None, number)
    without = cpu_seconds(roots) - at_first
    spent = [once(provider, act, number) for number in numbers]
    in_all = cpu_seconds(roots) - at_first
    return 1000 * median(spent), 1000 * (in_all - 2 * without) / rounds


def once(provider: Provider, act: Callable[[RequestContext, int], None], number: int) -> float:
    """Act in a transaction that read the user; return the CPU seconds of the act."""
    with provider.context() as ctx:
        users.find(ctx.db, f"user{number}")
        begin = process_time()
        act(ctx, number)
        return process_time() - begin


if __name__ == "__main__":
    main()
