"""The transactional outbox: written with the change, delivered at least once, in order, sealed."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event, insert, update
from structlog.testing import capture_logs

from idp.delivery import dispatch, mail, service
from idp.delivery.dispatch import JITTER, LEASE, WAITS, Lane
from idp.delivery.outcome import Never, NotNow
from idp.settings import Settings
from idp.store.database import Database
from idp.store.outbox import Chosen
from idp.store.schema import outbox
from idp.worker import upkeep
from idp.worker.courier import Courier
from tests.app import make_provider

SECRET = "https://id.example.test/reset#very-secret"
DAY = timedelta(days=1)
LOGGED = {
    *("event", "log_level", "delivery_id", "kind", "reason", "attempts", "given_up"),
    *("sid", "client_id"),
}


def queue(provider, subject="Hello", about="ada-id", to="ada@example.test", **options):
    with provider.context() as ctx:
        service.mail(ctx, to=to, subject=subject, text=SECRET, about=about, **options)


def queue_text(provider, about="ada-id", **options):
    with provider.context() as ctx:
        service.text(ctx, to="+49 30 901820", message=SECRET, about=about, **options)


def defer(provider, kind="greeting", about="ada-id", **options):
    with provider.context() as ctx:
        service.deferred(ctx, kind, {"whom": "ada"}, about=about, **options)


def subjects(smtp):
    return [mail.subject for mail in smtp.messages]


def test_what_is_queued_is_delivered_and_forgotten(provider, courier, smtp, gateway, rows):
    queue(provider)
    queue_text(provider)
    assert courier.deliver_due() == 2

    assert subjects(smtp) == ["Hello"]
    assert gateway.messages[0].message == SECRET
    assert [(row.state, row.payload_sealed, row.attempts) for row in rows()] == [
        ("delivered", None, 1)
    ] * 2
    assert courier.deliver_due() == 0


def test_a_rollback_queues_nothing(provider, courier, rows):
    def crash_behind_it():
        with provider.context() as ctx:
            service.mail(ctx, to="a@example.test", subject="x", text="x", about="x")
            service.deferred(ctx, "greeting", {}, about="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash_behind_it()
    assert rows() == []
    assert courier.deliver_due() == 0


def test_nothing_is_queued_where_nothing_can_be_sent(database_url, tmp_path):
    provider = make_provider(database_url, tmp_path)
    queue(provider)
    queue_text(provider)
    with provider.context() as ctx:
        assert dispatch.due(ctx) == set()
    defer(provider)
    with provider.context() as ctx:
        assert dispatch.due(ctx) == {Lane.WORK}


def test_what_waits_when_mail_is_switched_off_waits_on(provider, rows):
    queue(provider)
    settings = provider.house.get(Settings).model_copy(update={"smtp_url": None})
    provider.house.provide(settings)
    assert Courier(provider.house).deliver_due() == 1

    assert [(row.state, row.last_error) for row in rows()] == [("waiting", "not configured")]


def test_a_payload_is_sealed_for_its_row(provider, rows):
    queue(provider)
    queue(provider, about="eve-id")
    ada, eve = rows()
    assert b"very-secret" not in ada.payload_sealed
    with provider.context() as ctx:
        swapped = update(outbox).where(outbox.c.id == eve.id)
        ctx.db.write(swapped.values(payload_sealed=ada.payload_sealed))
    assert Courier(provider.house).deliver_due() == 2

    assert [(row.state, row.last_error) for row in rows()] == [
        ("delivered", None),
        ("dead", "unreadable"),
    ]


def test_the_database_file_never_holds_what_is_said(sqlite_url, tmp_path, smtp):
    provider = make_provider(sqlite_url, tmp_path, smtp_url=smtp.url, mail_from="id@example.test")
    queue(provider, to="ada@secret-address.example")
    smtp.refuse("RCPT", 450)
    Courier(provider.house).deliver_due()

    written = b"".join(
        path.read_bytes()
        for path in Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("*.sqlite3*")
    )
    assert b"outbox" in written
    assert b"very-secret" not in written
    assert b"secret-address" not in written


def test_two_workers_deliver_each_thing_once(provider, smtp, rows):
    for number in range(20):
        queue(provider, subject=str(number), about=f"user-{number}")
    couriers = [Courier(provider.house) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        tried = list(pool.map(lambda courier: courier.deliver_due(), couriers))

    assert sum(tried) == 20
    assert sorted(map(int, subjects(smtp))) == list(range(20))
    assert {row.state for row in rows()} == {"delivered"}


def test_who_dies_between_sending_and_marking_has_it_sent_again(provider, smtp, courier, rows):
    queue(provider)
    with provider.context() as ctx:
        held = dispatch.claim(ctx, Lane.MAIL)
        parcel = dispatch.unpack(ctx, held)
    mail.send(ctx.settings, parcel)  # …and no more is heard of this worker
    assert courier.deliver_due() == 0
    provider.clock.forward(seconds=LEASE.total_seconds())
    assert courier.deliver_due() == 1

    first, second = smtp.messages
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.raw == second.raw
    with provider.context() as ctx:
        assert not dispatch.delivered(ctx, held)
        assert not dispatch.failed(ctx, held, Never("too late"))
    assert [(row.state, row.attempts) for row in rows()] == [("delivered", 2)]


def test_a_relay_that_hangs_up_behind_the_message_gets_it_again(provider, smtp, courier):
    smtp.drop_after_data()
    queue(provider)
    courier.deliver_due()
    provider.clock.forward(seconds=15)
    courier.deliver_due()
    assert subjects(smtp) == ["Hello", "Hello"]


def test_a_later_thing_waits_for_an_earlier_one_of_its_subject_alone(provider, smtp, courier):
    smtp.refuse("RCPT", 451, times=1)
    for number in ("1", "2"):
        queue(provider, subject=f"ada {number}", about="ada-id")
    queue(provider, subject="eve 1", about="eve-id")
    courier.deliver_due()
    assert subjects(smtp) == ["eve 1"]

    provider.clock.forward(seconds=15)
    courier.deliver_due()
    assert subjects(smtp) == ["eve 1", "ada 1", "ada 2"]


def test_mail_does_not_wait_for_a_text_message(provider, smtp, gateway, courier):
    gateway.answer(503)
    queue_text(provider)
    queue(provider)
    courier.deliver_due()
    assert subjects(smtp) == ["Hello"]


def test_what_was_given_up_holds_up_nothing(provider, smtp, courier, rows):
    smtp.refuse("RCPT", 550, times=1)
    queue(provider, subject="1")
    queue(provider, subject="2")
    courier.deliver_due()
    assert subjects(smtp) == ["2"]
    assert [row.state for row in rows()] == ["dead", "delivered"]


def test_the_waits_grow_and_end_after_a_day(provider, smtp, courier, rows):
    smtp.refuse("RCPT", 451)
    queue(provider)
    begun = provider.clock.now
    for wait in WAITS:
        assert courier.deliver_due() == 1
        (row,) = rows()
        until = row.not_before - provider.clock.now
        assert wait * (1 - JITTER / 2) <= until <= wait * (1 + JITTER / 2)
        provider.clock.now = row.not_before - timedelta(microseconds=1)
        assert courier.deliver_due() == 0
        provider.clock.now = row.not_before
    assert courier.deliver_due() == 1

    (row,) = rows()
    assert (row.state, row.attempts) == ("dead", len(WAITS) + 1)
    assert row.last_error == "SMTPRecipientsRefused 451"
    assert 0.9 * DAY < provider.clock.now - begun < 1.1 * DAY
    assert all(earlier < later for earlier, later in pairwise(WAITS))
    (event,) = [each for each in provider.audit() if each.name == "delivery.failed"]
    assert event.data == {
        "delivery_id": row.id,
        "kind": "mail",
        "reason": "SMTPRecipientsRefused 451",
        "attempts": len(WAITS) + 1,
    }


def test_an_operator_has_what_failed_tried_again(provider, smtp, courier, rows):
    smtp.refuse("RCPT", 451)
    queue(provider)
    for wait in (*WAITS, timedelta(0)):
        courier.deliver_due()
        provider.clock.now += wait * 2
    queue(provider, about="eve-id")
    courier.deliver_due()
    dead, waiting = rows()
    assert (dead.state, waiting.state) == ("dead", "waiting")
    smtp.heal()
    with provider.context() as ctx:
        assert upkeep.retry(ctx, Chosen(ids=[dead.id, 4711])) == [dead.id]
    with provider.context() as ctx:
        assert upkeep.retry(ctx) == [dead.id, waiting.id]
    courier.deliver_due()

    assert len(smtp.messages) == 2
    assert [row.state for row in rows()] == ["delivered", "delivered"]
    assert provider.event_names().count("delivery.retried") == 3
    with provider.context() as ctx:
        assert upkeep.retry(ctx) == []


def test_what_a_worker_holds_is_not_tried_again_meanwhile(provider):
    queue(provider)
    with provider.context() as ctx:
        held = dispatch.claim(ctx, Lane.MAIL)
    with provider.context() as ctx:
        assert upkeep.retry(ctx) == []
        assert dispatch.delivered(ctx, held)


def test_what_was_refused_for_good_is_forgotten_at_once(provider, smtp, courier, rows):
    smtp.refuse("RCPT", 550)
    queue(provider)
    courier.deliver_due()

    (row,) = rows()
    assert (row.state, row.payload_sealed, row.last_error) == (
        "dead",
        None,
        "SMTPRecipientsRefused 550",
    )
    with provider.context() as ctx:
        assert upkeep.retry(ctx) == []


def test_what_came_too_late_is_not_sent(provider, smtp, gateway, courier, rows):
    soon = provider.clock.now + timedelta(minutes=10)
    queue(provider, good_until=soon)
    queue_text(provider, good_until=soon)
    provider.clock.forward(minutes=10)
    courier.deliver_due()

    assert smtp.messages == gateway.messages == []
    assert [(row.state, row.payload_sealed, row.last_error) for row in rows()] == [
        ("dead", None, "expired")
    ] * 2


def test_nothing_waits_for_a_try_that_would_come_too_late(provider, smtp, courier, rows):
    smtp.refuse("RCPT", 451)
    queue(provider, good_until=provider.clock.now + timedelta(seconds=9))
    courier.deliver_due()
    assert [(row.state, row.payload_sealed) for row in rows()] == [("dead", None)]


def test_what_was_overtaken_is_withdrawn(provider, smtp, courier, rows):
    queue(provider, subject="old")
    queue(provider, subject="other", about="eve-id")
    with provider.context() as ctx:
        service.withdraw(ctx, "mail", about="ada-id")
    queue(provider, subject="new")
    courier.deliver_due()

    assert subjects(smtp) == ["other", "new"]
    assert (rows()[0].state, rows()[0].payload_sealed) == ("dead", None)


def test_deferred_work_is_done_in_the_transaction_that_marks_it(provider, smtp, rows):
    def greet(ctx, payload):
        service.mail(ctx, to="ada@example.test", subject=payload["whom"], text="Hi", about="ada")

    defer(provider)
    courier = Courier(provider.house, handlers={"greeting": greet})
    assert courier.deliver_due() == 1
    assert [(row.kind, row.state) for row in rows()] == [
        ("greeting", "delivered"),
        ("mail", "waiting"),
    ]
    courier.deliver_due()
    assert subjects(smtp) == ["ada"]


def test_work_that_crashes_leaves_nothing_and_is_done_again(provider, smtp, rows):
    crashes = [ZeroDivisionError(SECRET), NotNow("busy")]

    def greet(ctx, payload):
        service.mail(ctx, to="ada@example.test", subject="Hi", text="Hi", about="ada")
        if crashes:
            raise crashes.pop(0)

    defer(provider)
    courier = Courier(provider.house, handlers={"greeting": greet})
    with capture_logs() as log:
        courier.deliver_due()
    assert [set(line) for line in log] == [LOGGED]
    assert "very-secret" not in str(log)
    (row,) = rows()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.last_error.startswith("ZeroDivisionError at test_outbox.py:")
    provider.clock.forward(seconds=15)
    courier.deliver_due()
    assert [row.last_error for row in rows()] == ["busy"]
    provider.clock.forward(minutes=1)
    courier.deliver_due()
    courier.deliver_due()

    assert subjects(smtp) == ["Hi"]


def test_work_that_nobody_knows_waits_for_a_worker_that_does(provider, rows):
    defer(provider)
    Courier(provider.house).deliver_due()
    assert [(row.state, row.last_error) for row in rows()] == [("waiting", "no handler")]


@pytest.mark.parametrize("kind", ["mail", "text"])
def test_what_is_sent_is_no_deferred_work(provider, kind):
    with provider.context() as ctx, pytest.raises(ValueError, match=kind):
        service.deferred(ctx, kind, {}, about="x")


def test_one_row_is_written_whatever_the_work_will_find(provider, rows):
    defer(provider, about="a user")
    defer(provider, about="nobody")
    known, unknown = rows()
    assert len(known.payload_sealed) == len(unknown.payload_sealed)


def test_neither_log_nor_audit_holds_what_is_said(provider, smtp, courier):
    with capture_logs() as log:
        for command, code in (("RCPT", 550), ("message", 554), ("MAIL", 450)):
            smtp.refuse(command, code)
            queue(provider, about=command)
            courier.deliver_due()
            smtp.heal()

    assert [line["reason"] for line in log] == [
        "SMTPRecipientsRefused 550",
        "SMTPDataError 554",
        "SMTPSenderRefused 450",
    ]
    assert all(set(line) == LOGGED for line in log)
    said = str(log) + json.dumps([each.data for each in provider.audit()])
    assert "very-secret" not in said
    assert "ada@" not in said


def test_what_is_finished_is_purged_after_a_while(provider, smtp, courier, rows):
    queue(provider, about="1")
    courier.deliver_due()
    smtp.refuse("RCPT", 550)
    queue(provider, about="2")
    courier.deliver_due()
    smtp.refuse("RCPT", 450)
    queue(provider, about="3")
    courier.deliver_due()
    for days, left in ((0.9, 3), (0.2, 2), (28.8, 2), (0.2, 1), (900, 1)):
        provider.clock.forward(days=days)
        with provider.context() as ctx:
            dispatch.purge_delivered(ctx)
            dispatch.purge_dead(ctx)
        assert len(rows()) == left


def rows_of(provider, state, count):
    finished = None if state == "waiting" else provider.clock.now - DAY
    made = [
        {
            "kind": "mail",
            "subject": f"user{number}",
            "state": state,
            "attempts": 0,
            "not_before": provider.clock.now - DAY,
            "created_at": provider.clock.now - DAY,
            "finished_at": finished,
        }
        for number in range(count)
    ]
    with provider.context() as ctx:
        ctx.db.write_all(insert(outbox), made)


def test_what_came_all_at_once_is_not_looked_through_for_each_row(provider):
    """What the database knows of the table may be old: that next to nothing waits."""
    rows_of(provider, "delivered", 20_000)
    engine = provider.house.get(Database).engine
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE outbox")
    rows_of(provider, "waiting", 100)
    said = []

    def listen(*call):
        said.append(call[2:4])

    event.listen(engine, "before_cursor_execute", listen)
    with provider.context() as ctx:
        assert dispatch.due(ctx) == {Lane.MAIL}
    event.remove(engine, "before_cursor_execute", listen)

    word = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    ((statement, parameters),) = said
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"{word} {statement}", parameters)
        plan = "\n".join(" ".join(map(str, row)) for row in rows)
    assert "ix_outbox_subject_state" in plan, plan
    assert "SCAN outbox" not in plan, plan
    assert "Seq Scan" not in plan, plan
