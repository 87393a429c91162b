"""`python -m bench.dead_rows`: is a database with a million dead rows as fast as an empty one?

Two installations, one of them full of rows that are over, are asked by turns, so that whatever
else this machine does hits both. Then the purge removes the rows, under the same load.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import func, select

from bench.processes import cpu_seconds
from idp.app.composition import command_context
from idp.settings import Settings
from idp.store import migrate
from idp.store.database import Database
from idp.worker.jobs import JOBS, Job
from tests.app import VERIFIER, Provider, RelyingParty
from tests.machines.burst import cookies_of
from tests.machines.installation import SHARED, provider_over, relying_party
from tests.machines.own_postgres import OwnPostgres
from tests.support.dead_rows import SHARES, add_to
from tests.support.server import ProviderProcess

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What is kept as history is over and stays for a while; anything else is over in some hours. So no
# server removes a row while it is measured, and the purge, hours ahead, finds nothing alive.
HISTORY = ("grants", "sessions", "known_devices", "outbox")
OVER_SINCE, OVER_IN, AHEAD, KEPT = (timedelta(hours=hours) for hours in (20, 6, 7, 8))


@dataclass
class Measured:
    """What one operation took: each time, and of the CPU in all."""

    milliseconds: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def median(self) -> float:
        return statistics.median(self.milliseconds)

    def cpu_each(self) -> float:
        return 1000 * self.cpu / len(self.milliseconds)


@dataclass
class House:
    """One installation, and the client that asks it."""

    provider: Provider
    rp: RelyingParty
    pids: list[int]
    connection: http.client.HTTPConnection
    cookies: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Any:
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def token(self, **form: str) -> None:
        status, _, body = self.ask("POST", "/token", urlencode(form), FORM | self.rp.basic())
        assert status == 200, body
        self.tokens = json.loads(body)

    def code_flow(self) -> None:
        path = f"/authorize?{urlencode(self.rp.parameters())}"
        status, headers, _ = self.ask("GET", path, None, {"Cookie": self.cookies})
        assert status == 303, status
        query = parse_qs(urlsplit(headers["Location"]).query)
        self.token(
            grant_type="authorization_code",
            code=query["code"][0],
            redirect_uri=self.rp.redirect_uri,
            code_verifier=VERIFIER,
        )

    def refresh(self) -> None:
        self.token(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    def userinfo(self) -> None:
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        status, _, body = self.ask("GET", "/userinfo", None, bearer)
        assert status == 200, body

    def measure(self, name: str, act: Callable[[], None], times: int) -> None:
        kept = self.measured.setdefault(name, Measured())
        before = cpu_seconds(self.pids)
        for _ in range(times):
            began = time.perf_counter()
            act()
            kept.milliseconds.append(1000 * (time.perf_counter() - began))
        kept.cpu += cpu_seconds(self.pids) - before


@contextmanager
def a_house(kind: str) -> Iterator[House]:
    """Give a running provider over a database of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="idp-dead-")))
        pids = []
        url = f"sqlite:///{folder / 'bench.sqlite3'}"
        if kind == "postgresql":
            cluster = stack.enter_context(OwnPostgres())
            url = cluster.create_database("bench")
            pids.append(cluster.pid)
        migrate.upgrade(Settings(database_url=url, data_dir=folder).database)
        provider = stack.enter_context(provider_over(url, folder, history_kept_for=KEPT))
        provider.add_user()
        rp = relying_party(
            provider,
            grant_types=("authorization_code", "refresh_token"),
            first_party=True,
            id_token_signed_response_alg="ES256",
        )
        rp.code()
        server = stack.enter_context(ProviderProcess(url, folder, environment=SHARED))
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        house = House(provider, rp, [server.pid, *pids], connection, cookies_of(rp.browser))
        house.code_flow()
        yield house
        connection.close()


def fill(house: House, rows: int) -> None:
    """Add dead rows, in pieces that a database takes in its stride."""
    with house.provider.context() as ctx:
        user = ctx.db.read(select(_users().c.id)).scalar_one()
    owner = {"user_id": user, "client_id": house.rp.client_id}
    for table, share in SHARES.items():
        offset = -OVER_SINCE if table.name in HISTORY else OVER_IN
        over_at = house.provider.clock.now + offset
        with house.provider.context() as ctx:
            add_to(ctx.db, table, round(rows * share), over_at, **owner)
    with house.provider.house.get(Database).engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def _users() -> Any:
    return next(iter(SHARES)).metadata.tables["users"]


def left(house: House) -> int:
    with house.provider.context() as ctx:
        counts = (select(func.count()).select_from(table) for table in SHARES)
        return sum(ctx.db.read(count).scalar_one() for count in counts)


def compare(houses: dict[str, House], rounds: int, times: int) -> None:
    for house in houses.values():
        house.connection.close()  # a server closes what was silent for long; it opens by itself
    for _ in range(rounds):
        for name in ("code_flow", "refresh", "userinfo"):
            for house in houses.values():
                house.measure(name, getattr(house, name), times)


def told(kind: str, houses: dict[str, House]) -> None:
    empty, full = houses.values()
    print(f"\n{kind}: {' / '.join(houses)}, ms (median) and CPU-ms (server and database)")
    for name, one in empty.measured.items():
        other = full.measured[name]
        print(
            f"  {name:10} {one.median():7.2f} / {other.median():7.2f} = "
            f"{other.median() / one.median():.2f}    CPU {one.cpu_each():6.3f} / "
            f"{other.cpu_each():6.3f} = {other.cpu_each() / one.cpu_each():.2f}"
        )


def purge(house: House, job: Job) -> int:
    """Run a job as the worker does."""
    with command_context(house.provider.house, "worker") as ctx:
        return job.run(ctx)


def purge_under_load(kind: str, house: House, rows: int) -> None:
    """Remove all dead rows while a client goes on; say how fast, and what the client felt."""
    house.measured.clear()
    house.provider.clock.forward(seconds=AHEAD.total_seconds())
    done = threading.Event()

    def purging() -> None:
        for job in JOBS:
            while job.name.startswith("purge ") and purge(house, job) == job.full:
                time.sleep(0.05)
        done.set()

    thread = threading.Thread(target=purging)
    began = time.perf_counter()
    thread.start()
    while not done.is_set():
        for name in ("code_flow", "refresh", "userinfo"):
            house.measure(name, getattr(house, name), 10)
    thread.join()
    seconds = time.perf_counter() - began
    print(f"{kind}: {rows - left(house)} rows gone in {seconds:.0f} s, under load; median ms:")
    for name, each in house.measured.items():
        worst = statistics.quantiles(each.milliseconds, n=100)[-1]
        print(f"  {name:10} {each.median():7.2f}, p99 {worst:.1f}")


def main() -> None:
    """Compare on each kind of database."""
    parser = argparse.ArgumentParser(prog="bench.dead_rows", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--no-purge", action="store_true")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    asked = parser.parse_args()
    for kind in asked.database or ("postgresql", "sqlite"):
        with a_house(kind) as empty, a_house(kind) as full:
            fill(full, asked.rows)
            houses = {"empty": empty, f"{asked.rows} dead rows": full}
            compare(houses, 1, asked.times)
            for house in houses.values():
                house.measured.clear()
            compare(houses, asked.rounds, asked.times)
            told(kind, houses)
            if not asked.no_purge:
                purge_under_load(kind, full, left(full))


if __name__ == "__main__":
    main()
