"""Prepared statements mean what SQLAlchemy's own execution of them means."""

from datetime import timedelta

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from idp.store.database import Database
from idp.store.prepared import Prepared
from idp.store.schema import audit_events
from tests.app import NOON

COLUMNS = [column for column in audit_events.c if column.name != "id"]
ADD = insert(audit_events).values({column: bindparam(column.name) for column in COLUMNS}).inline()
FIND = select(*COLUMNS).where(audit_events.c.at <= bindparam("at", type_=audit_events.c.at.type))
EVENT = {
    "at": NOON + timedelta(microseconds=1),
    "name": "user.created",
    "actor": "test",
    "user_id": None,
    "client_id": None,
    "sid": None,
    "address": "192.0.2.1",
    "reference": "ABCDEFGH",
    "data": {"text": "%(at)s ? \u20ac 'quoted'", "list": [1, None, True]},
}


def test_every_type_comes_back_as_it_went(database: Database):
    with database.transaction() as db:
        db.write(Prepared(ADD), EVENT)
        prepared = db.read(Prepared(FIND), {"at": EVENT["at"]}).all()
        executed = [tuple(row) for row in db.read(FIND, {"at": EVENT["at"]})]

    assert prepared == executed == [tuple(EVENT[column.name] for column in COLUMNS)]
    assert prepared[0][0].utcoffset() == timedelta(0)


def test_without_a_row_there_is_no_first_one(database: Database):
    with database.transaction() as db:
        assert db.read(Prepared(FIND), {"at": NOON}).first() is None


def test_a_value_that_is_forgotten_is_not_sent_as_null(database: Database):
    values = {name: value for name, value in EVENT.items() if name != "user_id"}
    with pytest.raises(Exception, match="user_id"), database.transaction() as db:
        db.write(Prepared(ADD), values)


def test_the_errors_are_those_of_sqlalchemy_and_show_no_parameters(database: Database):
    with pytest.raises(IntegrityError) as caught, database.transaction() as db:
        db.write(Prepared(ADD), EVENT | {"name": None})

    assert "parameters" not in str(caught.value)
