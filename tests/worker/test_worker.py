"""The background worker: its jobs, and the loop that runs them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from idp.app import compose
from idp.app.composition import command_context
from idp.context import RequestContext
from idp.delivery import service
from idp.kernel.encoding import b64url
from idp.kernel.registry import Registry
from idp.kernel.secrets import new_id
from idp.protocol.keys import service as keys
from idp.settings import Settings
from idp.store import (
    account_tickets,
    authorization_requests,
    channel_codes,
    login_attempts,
    spent,
    throttles,
    users,
)
from idp.store.account_tickets import AccountTicket
from idp.store.channel_codes import ChannelCode
from idp.store.database import Database
from idp.store.login_attempts import LoginAttempt
from idp.store.schema import audit_events, metadata, outbox
from idp.store.users import User
from idp.web.context import ClockReading
from idp.worker import jobs
from idp.worker.jobs import JOBS, Job
from idp.worker.loop import JITTER, Loop
from tests.app import NOON, FakeClock

MASTER_KEY = b64url(b"w" * 32)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[Registry]:
    settings = Settings(database_url=database_url, data_dir=tmp_path, master_key=MASTER_KEY)
    _, house = compose(settings)
    house.get(ClockReading).read = clock
    yield house
    house.get(Database).engine.dispose()


def count(house: Registry, table: str) -> int:
    with command_context(house, "test") as ctx:
        statement = select(func.count()).select_from(metadata.tables[table])
        return int(ctx.db.read(statement).scalar_one())


def fill(ctx: RequestContext, at: datetime) -> None:
    """Add one of everything that goes an hour later."""
    authorization_requests.add(ctx.db, new_id(), {"client_id": "c"}, at, HOUR)
    user = User(id=new_id(), username=new_id(), created_at=at, updated_at=at)
    users.add(ctx.db, user)
    attempt = LoginAttempt(
        id=new_id(),
        user_id=user.id,
        sid=None,
        amr=("pwd",),
        proved_at=at,
        expires_at=at + HOUR,
    )
    login_attempts.add(ctx.db, attempt, b"browser", at)
    key = new_id().encode()
    throttles.admit(ctx.db, key, now=at, waits=[(5, at + HOUR)], forgotten_at=at + HOUR)
    spent.burn(ctx.db, key, at + HOUR)
    ticket = AccountTicket(
        id=new_id(), purpose="recovery", user_id=user.id, created_at=at, expires_at=at + HOUR
    )
    account_tickets.add(ctx.db, ticket, b"secret")
    code = ChannelCode(
        bound_to=attempt.id,
        channel="mail",
        user_id=user.id,
        address="ada@example.test",
        code_hash=b"code",
        sent=1,
        created_at=at,
        expires_at=at + HOUR - channel_codes.REMEMBERED,
        used_at=None,
    )
    assert channel_codes.replace(ctx.db, code, most=1, not_since=at)
    service.deferred(replace(ctx, now=at - DAY + HOUR), "unknown", {}, about=key.decode())
    ctx.db.write(
        update(outbox)
        .where(outbox.c.subject == key.decode())
        .values(state="delivered", finished_at=at - DAY + HOUR)
    )


@pytest.mark.parametrize(
    "table",
    [
        "account_tickets",
        "authorization_requests",
        "channel_codes",
        "login_attempts",
        "outbox",
        "spent",
        "throttles",
    ],
)
def test_what_is_too_old_is_removed_and_nothing_else(
    house: Registry, clock: FakeClock, table: str
) -> None:
    with command_context(house, "test") as ctx:
        fill(ctx, NOON)
        fill(ctx, NOON + HOUR)
    loop = Loop(house)
    loop.run_due()
    assert count(house, table) == 2

    clock.forward(hours=1, minutes=10)
    loop.run_due()
    assert count(house, table) == 1


def test_a_retired_key_goes_when_its_last_token_has_expired_and_that_is_recorded(
    house: Registry, clock: FakeClock
) -> None:
    with command_context(house, "test") as ctx:
        keys.ensure(ctx)
    clock.forward(hours=1)
    with command_context(house, "test") as ctx:
        retired = keys.rotate(ctx, "ES256").retired
    loop = Loop(house)
    loop.run_due()
    assert count(house, "signing_keys") == 9

    clock.forward(days=2)
    loop.run_due()
    assert count(house, "signing_keys") == 8
    with command_context(house, "test") as ctx:
        last = select(audit_events).order_by(audit_events.c.id.desc()).limit(1)
        event = ctx.db.read(last).one()
    assert (event.name, event.actor, event.data["kid"]) == ("key.removed", "worker", retired)


def test_a_failing_job_is_rolled_back_and_stops_no_other(house: Registry) -> None:
    ran = []

    def fails(ctx: RequestContext) -> int:
        fill(ctx, NOON)
        ran.append("fails")
        raise ValueError("on purpose")

    def works(ctx: RequestContext) -> int:
        ran.append("works")
        return 0

    Loop(house, (Job("fails", HOUR, fails), Job("works", HOUR, works))).run_due()
    assert ran == ["fails", "works"]
    assert count(house, "throttles") == 0


def test_a_job_runs_when_it_is_due_and_not_before(house: Registry, clock: FakeClock) -> None:
    ran = []
    loop = Loop(house, (Job("counted", HOUR, lambda ctx: ran.append(ctx.now) or 0),))
    for minutes in (0, 1, 50, 20):
        clock.forward(minutes=minutes)
        loop.run_due()
    assert len(ran) == 2


def test_nodes_do_not_all_come_at_once_but_about_as_often_as_asked(
    house: Registry, clock: FakeClock
) -> None:
    loops = [Loop(house, (Job("idle", HOUR, lambda _: 0),)) for _ in range(20)]
    waits = set()
    for loop in loops:
        loop.run_due()
        waits.add(loop.due()["idle"] - clock.now)
    assert len(waits) > 1
    assert all(HOUR * (1 - JITTER / 2) <= wait <= HOUR * (1 + JITTER / 2) for wait in waits)


def test_the_loop_ends_at_once_when_it_is_told_to(house: Registry) -> None:
    loop = Loop(house)
    thread = threading.Thread(target=loop.run)
    thread.start()
    loop.stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_every_job_is_in_the_table() -> None:
    functions = {
        value for value in vars(jobs).values() if getattr(value, "__module__", "") == jobs.__name__
    } - {Job}
    assert functions <= {job.run for job in JOBS}
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_the_command_works_until_it_is_told_to_stop(database_url: str, tmp_path: Path) -> None:
    given = {
        "IDP_DATABASE_URL": database_url,
        "IDP_DATA_DIR": str(tmp_path),
        "IDP_MASTER_KEY": MASTER_KEY,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "idp", "worker"],
        env=os.environ | given | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "Working. Stop with Ctrl-C.\n"
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, "")
