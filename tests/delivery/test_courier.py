"""The courier at work: soon, beside the jobs, and no lane held up by another."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from idp.delivery import service
from idp.store.database import Database
from idp.worker import courier as courier_room
from idp.worker.courier import Courier
from idp.worker.loop import start


def queue(provider, number: int) -> None:
    with provider.context() as ctx:
        service.mail(ctx, to="a@example.test", subject=str(number), text="x", about=str(number))


@contextmanager
def running(courier: Courier) -> Iterator[None]:
    thread = threading.Thread(target=courier.run)
    thread.start()
    try:
        yield
    finally:
        courier.stopping.set()
        thread.join(10)
        assert not thread.is_alive()


def until(true, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def test_a_person_waits_a_second_or_two(provider, courier, smtp):
    with running(courier):
        for number in range(3):
            queue(provider, number)
            begun = time.monotonic()
            smtp.wait_for(number + 1)
            assert time.monotonic() - begun < 5


def test_a_relay_that_is_silent_holds_up_mail_alone(provider, smtp, gateway, rows):
    worked = threading.Event()
    courier = Courier(provider.house, handlers={"work": lambda *_: worked.set()})
    smtp.hang_at("MAIL")
    queue(provider, 1)
    with running(courier):
        until(lambda: smtp.connections == 1)
        with provider.context() as ctx:
            service.text(ctx, to="+4930901820", message="x", about="x")
            service.deferred(ctx, "work", {}, about="x")
        gateway.wait_for(1)
        assert worked.wait(10)
        assert smtp.messages == []
        queue(provider, 2)
        time.sleep(1.5)
        assert smtp.connections == 1, "one thread per lane"
        smtp.heal()
        smtp.wait_for(2)
        until(lambda: {row.state for row in rows()} == {"delivered"})


def test_idle_it_is_one_statement(provider, courier):
    said = []
    engine = provider.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert courier._set_out()
    assert [statement.split()[0] for statement in said] == ["SELECT"]


def test_that_statement_is_answered_from_an_index(provider):
    heard = []
    engine = provider.house.get(Database).engine

    def note(*given: object) -> None:
        heard.append((given[2], given[3]))

    event.listen(engine, "before_cursor_execute", note)
    Courier(provider.house)._set_out()
    event.remove(engine, "before_cursor_execute", note)
    statement, values = heard[0]
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values)
        else:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        said = str(plan.all())
    # Which one is cheaper is for the database to say: that of what waits by client is as small.
    assert "ix_outbox_state_not_before" in said or "ix_outbox_client_id_id" in said


def test_a_database_that_is_away_is_asked_again(provider, courier, smtp, monkeypatch):
    monkeypatch.setattr(courier_room, "AFTER_A_FAULT_SECONDS", 0.1)
    asked = []

    def away(ctx):
        asked.append(ctx)
        raise ConnectionError

    with monkeypatch.context() as patch, capture_logs() as log:
        patch.setattr(courier_room.dispatch, "due", away)
        thread = threading.Thread(target=courier.run)
        thread.start()
        until(lambda: len(asked) > 1)
    queue(provider, 1)
    smtp.wait_for(1)
    courier.stopping.set()
    thread.join(10)
    assert log[0]["event"] == "outbox not read"


def test_what_could_not_be_marked_is_sent_again_when_its_lease_ends(
    provider, courier, smtp, rows, monkeypatch
):
    def away(*_: object) -> bool:
        raise ConnectionError

    queue(provider, 1)
    with monkeypatch.context() as patch, capture_logs() as log:
        patch.setattr(courier_room.dispatch, "delivered", away)
        patch.setattr(courier_room.dispatch, "failed", away)
        courier.deliver_due()
    assert [line["event"] for line in log] == ["delivery interrupted"]
    assert [row.state for row in rows()] == ["waiting"]
    provider.clock.forward(minutes=4)
    courier.deliver_due()
    assert len(smtp.messages) == 2
    assert [row.state for row in rows()] == ["delivered"]


def test_embedded_the_provider_delivers_by_itself(provider, smtp):
    loop = start(provider.house)
    try:
        queue(provider, 1)
        smtp.wait_for(1)
    finally:
        loop.stopping.set()
        until(lambda: not [t for t in threading.enumerate() if t.name.startswith("courier")])


@pytest.mark.parametrize("times", [1, 3])
def test_told_to_stop_it_takes_nothing_more(provider, courier, smtp, times):
    for number in range(times):
        queue(provider, number)
    courier.stopping.set()
    assert courier.deliver_due() == 0
    assert smtp.messages == []
