"""What figures read: by an index, what lies in the span that is asked for, however old the rest."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from idp.admin.assessment.figures import figures
from idp.admin.insight import insight
from idp.store.database import Database
from idp.store.decision_pages import pages
from tests.app import NOON
from tests.support.many_decisions import add_many

MANY, YEAR, DAY = 100_000, timedelta(days=365), timedelta(days=1)


@pytest.fixture
def db(provider):
    """A year of a house in which 10^5 decisions were made."""
    users = [provider.add_user(f"user{number}").id for number in range(5)]
    with provider.context() as ctx:
        add_many(ctx.db, users, MANY, NOON, YEAR)
    with provider.context() as ctx:
        yield ctx


@contextmanager
def told(ctx):
    """What is said to the database."""
    said = []

    def listen(*call):
        said.append(call[2:4])

    engine = ctx.house.get(Database).engine
    event.listen(engine, "before_cursor_execute", listen)
    yield said
    event.remove(engine, "before_cursor_execute", listen)


def plans_of_decisions(ctx, said):
    """How the database would read each of the statements that speak of decisions."""
    word = "EXPLAIN QUERY PLAN" if ctx.db.dialect == "sqlite" else "EXPLAIN"
    with ctx.house.get(Database).engine.connect() as connection:
        for statement, parameters in said:
            if "FROM decisions" in statement:
                rows = connection.exec_driver_sql(f"{word} {statement}", parameters)
                yield "\n".join(" ".join(map(str, row)) for row in rows)


@pytest.mark.slow
def test_figures_of_a_day_read_the_decisions_of_that_day(db):
    with told(db) as said:
        insight(db, db.now - DAY)
        figures(db, db.now - DAY)

    plans = list(plans_of_decisions(db, said))
    assert len(plans) >= 5
    for plan in plans:
        assert "Seq Scan" not in plan, plan
        assert "SCAN decisions" not in plan, plan
        assert "ix_decisions_" in plan, plan


@pytest.mark.slow
def test_pages_of_decisions_go_on_where_the_last_one_ended(db):
    """The index of users and instants leads to the next row; nothing is sorted but its equals."""
    with told(db) as said:
        rows = sum(map(len, pages(db.db, db.now - YEAR / 10, db.now)))

    assert rows == MANY // 10
    plan = next(plans_of_decisions(db, said[len(said) // 2 :]))
    assert "ix_decisions_user_id_at" in plan, plan
    assert "Seq Scan" not in plan, plan
