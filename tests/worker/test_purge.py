"""What is over is removed: in small batches, by an index, and nothing that is alive."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, event, func, insert, select, text

from idp.context import RequestContext
from idp.store import decisions
from idp.store.database import Database
from idp.store.purge import BATCH
from idp.store.schema import grants, metadata, revoked_tokens, sessions, spent, users
from idp.worker import jobs
from idp.worker.jobs import JOBS, Job
from idp.worker.loop import BREATH, Loop
from tests.app import NOON, Provider, RelyingParty, claims_of
from tests.protocol.parties import party
from tests.protocol.refreshing import BOTH, GRANT, OFFLINE, refresh, refused
from tests.support.dead_rows import SHARES, add_dead_rows, add_to
from tests.support.judged import a_decision

KEPT = timedelta(days=30)
PURGES = [job for job in JOBS if job.name.startswith("purge ")]


@pytest.fixture
def owner(provider: Provider) -> dict[str, str]:
    """Somebody whose rows they are."""
    user, registered = provider.add_user(), provider.add_client()
    return {"user_id": user.id, "client_id": registered.client.client_id}


def count(provider: Provider, table: Table) -> int:
    with provider.context() as ctx:
        return int(ctx.db.read(select(func.count()).select_from(table)).scalar_one())


def run(provider: Provider, job: Job) -> int:
    with provider.context() as ctx:
        return job.run(ctx)


def purge_all(provider: Provider) -> None:
    for job in PURGES:
        while run(provider, job) == job.full:
            pass


def test_everything_that_is_over_goes_and_the_log_stays(provider: Provider, owner):
    with provider.context() as ctx:
        add_dead_rows(ctx.db, 3000, NOON - timedelta(days=401), **owner)
    assert {count(provider, table) for table in SHARES} == {1200, 600, 300, 150}
    events = provider.event_names()

    purge_all(provider)

    assert {count(provider, table) for table in SHARES} == {0}
    assert provider.event_names() == events


def test_a_full_batch_is_followed_by_another_at_once_and_nobody_waits_for_the_last(
    provider: Provider, owner
):
    with provider.context() as ctx:
        add_to(ctx.db, spent, 2 * BATCH + 1, NOON - timedelta(days=1), **owner)
    other = []
    tick = Job("tick", BREATH, lambda ctx: other.append(ctx.now) or 0)
    purge = next(job for job in JOBS if job.run is jobs.purge_spent)
    loop = Loop(provider.house, (purge, tick))
    left = []
    for _ in range(3):
        loop.run_due()
        left.append(count(provider, spent))
        provider.clock.now = max(loop.due().values()) if len(left) < 3 else provider.clock.now

    assert left == [BATCH + 1, 1, 0]
    assert len(other) == 3
    assert loop.due()[purge.name] > provider.clock.now + timedelta(seconds=30)


def test_what_was_decided_is_kept_as_long_as_the_history_answered_or_not(provider: Provider, owner):
    user_id = owner["user_id"]
    with provider.context() as ctx:
        for days in (1, 29, 31, 60):
            at = ctx.now - timedelta(days=days)
            for answer in (None, "me"):
                decisions.add(ctx.db, a_decision(user_id, at, answer=answer))

    purge_all(provider)

    with provider.context() as ctx:
        left = decisions.list_of_user(ctx.db, user_id, 10)
    assert [(NOON - each.at).days for each in left] == [1, 1, 29, 29]


# How


@pytest.fixture
def heard(provider: Provider) -> Iterator[list[tuple[str, Any]]]:
    """The statements that remove rows, with their values."""
    said: list[tuple[str, Any]] = []

    def listen(*arguments: Any) -> None:
        _, _, statement, parameters, *_ = arguments
        if statement.startswith("DELETE"):
            said.append((statement, parameters))

    engine = provider.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", listen)
    yield said
    event.remove(engine, "before_cursor_execute", listen)


def test_what_is_over_is_found_by_an_index(provider: Provider, heard: list[tuple[str, Any]]):
    """No full scan: on PostgreSQL the planner, told to avoid one at any price, needs none."""
    for job in PURGES:
        run(provider, job)
    assert len(heard) == len(PURGES)

    with provider.house.get(Database).engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in heard:
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            lines = connection.exec_driver_sql(explain + statement, parameters).fetchall()
            plan = "\n".join(str(line[-1]) for line in lines)
            if sqlite:
                assert "SCAN" not in plan, plan
                assert "TEMP B-TREE" not in plan, plan
            else:
                assert "Seq Scan" not in plan, plan
                assert "Index" in plan, plan
                assert "Tid Scan" in plan, plan
                assert "LockRows" in plan, plan
        if not sqlite:
            connection.exec_driver_sql("RESET enable_seqscan")


def test_no_table_has_to_be_searched_for_what_hangs_on_a_removed_row():
    purged = {"grants", "sessions", *(table.name for table in SHARES)}
    referring = [
        key.parent
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in purged
    ]
    assert referring == []


def test_a_row_that_somebody_holds_is_passed_over(provider: Provider, owner):
    """Nobody waits for the purge, and it waits for nobody; on SQLite writers take turns."""
    database = provider.house.get(Database)
    if database.engine.dialect.name == "sqlite":
        assert database.writers is not None
        return
    with provider.context() as ctx:
        add_to(ctx.db, spent, 3, NOON - timedelta(days=1), **owner)
    with provider.context() as holder:
        holder.db.write(text("SELECT * FROM spent WHERE key = 'dead2' FOR UPDATE"))
        assert run(provider, next(job for job in JOBS if job.run is jobs.purge_spent)) == 2
    assert count(provider, spent) == 1


def test_purges_at_once_remove_each_row_once(provider: Provider, owner):
    with provider.context() as ctx:
        add_to(ctx.db, spent, 4 * BATCH, NOON - timedelta(days=1), **owner)
    job = next(job for job in JOBS if job.run is jobs.purge_spent)
    removed: list[int] = []
    threads = [
        threading.Thread(target=lambda: removed.append(run(provider, job))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(removed) == 4 * BATCH - count(provider, spent)


# What

NEAR = st.integers(-2, 2).map(lambda seconds: NOON - KEPT + timedelta(seconds=seconds))
SOON = st.integers(-2, 2).map(lambda seconds: NOON + timedelta(seconds=seconds))
INSTANTS = st.one_of(NEAR, SOON)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(INSTANTS, INSTANTS, st.one_of(st.none(), INSTANTS)), min_size=1, max_size=20
    )
)
def test_a_grant_goes_when_it_has_been_over_for_the_time_that_history_is_kept(
    provider: Provider, rows: list[tuple[datetime, datetime, datetime | None]]
):
    if not count(provider, users):
        provider.add_user()
        provider.add_client()
    with provider.context() as ctx:
        owner = _owner(ctx)
        ctx.db.write(grants.delete())
        for number, (one, other, ended_at) in enumerate(rows):
            ctx.db.write(_grant(number, owner, min(one, other), max(one, other), ended_at))

    purge_all(provider)

    cutoff = NOON - KEPT
    left = {
        f"g{number}"
        for number, (one, other, ended_at) in enumerate(rows)
        if min(one, other) > cutoff and (ended_at is None or ended_at > cutoff)
    }
    with provider.context() as ctx:
        assert set(ctx.db.read(select(grants.c.id)).scalars()) == left


def _owner(ctx: RequestContext) -> dict[str, str]:
    found = ctx.db.read(text("SELECT id FROM users")).scalar()
    client = ctx.db.read(text("SELECT client_id FROM clients")).scalar()
    return {"user_id": str(found), "client_id": str(client)}


def _grant(
    number: int,
    owner: dict[str, str],
    idle_until: datetime,
    absolute_until: datetime,
    ended_at: datetime | None,
):
    return insert(grants).values(
        id=f"g{number}",
        sid="s",
        scope=["openid"],
        resource=[],
        offline=True,
        claims={},
        consented=False,
        redirect_uri="",
        auth_time=NOON,
        acr="sfa",
        amr=["pwd"],
        opened_at=NOON,
        code_expires_at=NOON,
        generation=1,
        retries=0,
        idle_until=idle_until,
        absolute_until=absolute_until,
        ended_at=ended_at,
        end_reason=ended_at and "admin",
        **owner,
    )


@pytest.fixture
def offline(provider: Provider) -> RelyingParty:
    provider.add_user()
    return party(provider, grant_types=BOTH, scope=OFFLINE)


def test_whoever_is_signed_in_and_whatever_is_of_use_stays(offline: RelyingParty):
    provider = offline.provider
    tokens = offline.sign_in(scope="openid offline_access")
    for _ in range(3):
        provider.clock.forward(days=29)
        purge_all(provider)
        answer = refresh(offline, tokens["refresh_token"])
        assert answer.status_code == 200, answer.get_json()
        tokens = answer.get_json()
    assert count(provider, sessions) == 0


def test_a_token_of_a_purged_family_is_refused_like_any_other(offline: RelyingParty):
    provider = offline.provider
    code = offline.code(scope="openid offline_access")
    tokens = offline.redeem(code).get_json()
    provider.clock.forward(days=61)
    purge_all(provider)
    assert count(provider, grants) == count(provider, sessions) == 0

    assert refused(refresh(offline, tokens["refresh_token"])) == GRANT
    assert refused(offline.redeem(code)) == GRANT
    assert offline.userinfo(tokens["access_token"]).status_code == 401


def test_a_revoked_token_is_remembered_until_it_has_expired_by_every_clock(offline: RelyingParty):
    provider = offline.provider
    token = offline.sign_in()["access_token"]
    exp = datetime.fromtimestamp(claims_of(token)["exp"], tz=NOON.tzinfo)
    with provider.context() as ctx:
        jti = claims_of(token)["jti"]
        ctx.db.write(insert(revoked_tokens).values(jti=jti, expires_at=exp))
    for instant in (NOON, exp - timedelta(seconds=1), exp, exp + timedelta(seconds=1)):
        provider.clock.now = max(instant, provider.clock.now)
        purge_all(provider)
        assert offline.userinfo(token).status_code == 401
    assert count(provider, revoked_tokens) == 1
    # Another node, or this one after its clock was set right, is behind.
    provider.clock.now = exp - timedelta(seconds=5)
    assert offline.userinfo(token).status_code == 401
    provider.clock.now = exp + timedelta(minutes=5)
    purge_all(provider)
    assert count(provider, revoked_tokens) == 0
