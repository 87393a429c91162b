"""`python -m bench`: measure each operation of this provider, on PostgreSQL and on SQLite."""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from bench.load import Plan
from bench.operations import CALLBACK, OPERATIONS, Operation, Site
from bench.processes import pinned
from bench.statements import statements_per_operation
from tests.machines.own_postgres import OwnPostgres
from tests.support.server import ProviderProcess

USERS = 8
GRANTS = ("authorization_code", "refresh_token", "client_credentials")
LOAD_LIMIT_SECONDS = 120
ENVIRONMENT = {"IDP_SECOND_FACTOR": "off", "IDP_MASTER_KEY": secrets.token_urlsafe(32)}
COLUMNS = (
    ("operation", 20),
    ("statements", 12),
    ("server ms", 11),
    ("database ms", 13),
    ("together", 10),
    ("budget", 8),
    ("requests/s", 12),
    ("p99 ms", 8),
)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    names = [operation.name for operation in OPERATIONS]
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    parser.add_argument("--operation", choices=names, action="append")
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    asked = parser.parse_args()
    operations = [each for each in OPERATIONS if each.name in (asked.operation or names)]
    for kind in asked.database or ("postgresql", "sqlite"):
        measure_all(kind, operations, asked.seconds)
    print(f"\nOne argon2id hash alone: {hash_milliseconds():.1f} CPU-ms.")
    print(
        "CPU-ms are of the server's and the database's processes; one core does 1000 in a second."
    )


def measure_all(kind: str, operations: list[Operation], seconds: float) -> None:
    """Print a table of these operations on one kind of database."""
    counts = statements_per_operation(kind)
    with installation(kind) as (server, database, site):
        print(f"\n{kind}: one worker on one core, id_token and access token ES256\n")
        print("".join(f"{title:>{width}}" for title, width in COLUMNS))
        for operation in operations:
            plan = Plan(
                operation=operation.name,
                warm_seconds=min(seconds, 1),
                seconds=seconds,
                server=[server.pid],
                database=database,
            )
            print(row(operation, counts[operation.name], run_load(site, plan)), flush=True)


def row(operation: Operation, statements: str, outcome: dict[str, Any]) -> str:
    """Return a line of the table."""
    count = outcome["count"]
    server, database = (1000 * outcome[f"{who}_cpu"] / count for who in ("server", "database"))
    latencies = outcome["latencies"]
    cells = (
        operation.name,
        statements,
        f"{server:.3f}",
        f"{database:.3f}",
        f"{server + database:.3f}",
        "" if operation.budget is None else f"{operation.budget:.3f}",
        f"{count / outcome['seconds']:.0f}",
        f"{1000 * latencies[int(len(latencies) * 0.99)]:.1f}",
    )
    return "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=True))


def run_load(site: Site, plan: Plan) -> dict[str, Any]:
    """Run the load in a process of its own, off the server's core."""
    told = {"site": asdict(site), "plan": asdict(plan)}
    with pinned(cores()[1]):
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=LOAD_LIMIT_SECONDS,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{plan.operation}: {done.stderr.strip().splitlines()[-1]}")
    return dict(json.loads(done.stdout))


def cores() -> tuple[set[int], set[int]]:
    """Return the server's core, and those of everything else."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


@contextmanager
def installation(kind: str) -> Iterator[tuple[ProviderProcess, list[int], Site]]:
    """Give a running provider, its database's processes, and a site with users and a client."""
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as name:
        folder = Path(name)
        if kind == "sqlite":
            with served(f"sqlite:///{folder / 'bench.sqlite3'}", folder) as (server, site):
                yield server, [], site
            return
        with pinned(cores()[1]):
            cluster = OwnPostgres()
            cluster.__enter__()
        try:
            with served(cluster.create_database("bench"), folder) as (server, site):
                yield server, [cluster.pid], site
        finally:
            cluster.__exit__(None, None, None)


@contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[ProviderProcess, Site]]:
    server = ProviderProcess(url, folder, environment=ENVIRONMENT)
    server.run("migrate")
    password = secrets.token_urlsafe(16)
    users = tuple(f"user{number}" for number in range(USERS))
    for user in users:
        mail = f"{user}@example.test"
        server.run("user", "create", user, "--email", mail, "--password-stdin", stdin=password)
    grants = [part for grant in GRANTS for part in ("--grant", grant)]
    scopes = [
        part for scope in ("openid", "profile", "email", "api") for part in ("--scope", scope)
    ]
    made = json.loads(
        server.run(
            "client",
            "create",
            *("--name", "Bench", "--redirect-uri", CALLBACK, "--first-party", *grants, *scopes),
            *("--id-token-alg", "ES256", "--json"),
        )
    )
    pair = f"{made['client_id']}:{made['client_secret']}"
    with pinned(cores()[0]):
        server.start()
    try:
        yield (
            server,
            Site(
                port=server.port,
                client_id=made["client_id"],
                basic=f"Authorization: Basic {b64encode(pair.encode()).decode()}",
                users=users,
                password=password,
            ),
        )
    finally:
        server.stop()


def hash_milliseconds() -> float:
    """Return the CPU time of one password hash, without anything around it."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    known = hasher.hash("a password")
    rounds = 20
    before = time.process_time()
    for _ in range(rounds):
        hasher.verify(known, "a password")
    return 1000 * (time.process_time() - before) / rounds


if __name__ == "__main__":
    main()
