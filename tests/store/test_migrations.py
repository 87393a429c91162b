"""Migrations: from nothing to the schema of the models, and what the database itself forbids."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from idp.kernel.clock import system_clock
from idp.kernel.secrets import new_id
from idp.policy.risk.fading import faded
from idp.settings import Settings
from idp.store import grants as grant_rows
from idp.store import habits, migrate, users
from idp.store.database import Database, Transaction
from idp.store.schema import (
    audit_events,
    clients,
    common_values,
    grants,
    metadata,
    sessions,
    signing_keys,
)
from idp.store.users import User
from tests.store.conftest import opened

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def upgraded(url: str) -> str:
    """Bring the database at `url` up from whatever it is; return its URL for SQLAlchemy."""
    url = Settings(database_url=url).database
    migrate.upgrade(url)
    return url


def test_an_empty_database_comes_up_to_the_newest_revision(empty_database_url: str):
    url = Settings(database_url=empty_database_url).database
    assert migrate.current_at(url) is None

    upgraded(url)

    assert migrate.current_at(url) == migrate.newest() is not None


def test_coming_up_twice_changes_nothing(empty_database_url: str):
    url = upgraded(empty_database_url)

    upgraded(url)

    assert migrate.current_at(url) == migrate.newest()


def test_the_models_are_what_the_migrations_make(empty_database_url: str):
    url = upgraded(empty_database_url)

    with opened(url) as database, database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_what_was_granted_before_there_were_families_comes_along(empty_database_url: str):
    """A node may be upgraded while people are signed in: 0002 to the newest, with data."""
    url = Settings(database_url=empty_database_url).database
    migrate.upgrade(url, "0002")
    with opened(url) as database, database.transaction() as db:
        for table, row in rows_of_0002().items():
            names = ", ".join(row)
            places = ", ".join(f":{name}" for name in row)
            db.write(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), row)

    migrate.upgrade(url)

    with opened(url) as database, database.transaction() as db:
        grant = grant_rows.find(db, "g")
        assert grant is not None
        assert (grant.generation, grant.retries, grant.offline, grant.resource) == (0, 0, False, ())
        assert grant.idle_until == grant.absolute_until == NOON + timedelta(minutes=1)
        assert grant_rows.find_live(db, "g", "", NOON) is not None
        db.write(update(grants).values(ended_at=NOON, end_reason="code_reused"))
    again = update(grants).values(end_reason="another")
    with (
        opened(url) as database,
        pytest.raises(DBAPIError, match="ends once"),
        database.transaction() as db,
    ):
        db.write(again)


def test_what_was_common_before_it_faded_counts_in_full_on_the_day_of_the_upgrade(
    empty_database_url: str,
):
    url = Settings(database_url=empty_database_url).database
    migrate.upgrade(url, "0005")
    with opened(url) as database, database.transaction() as db:
        for value, weight, kinds in (("", 3.0, 2), ("NO", 2.0, 0), ("RO", 1.0, 0)):
            row = {"feature": "country", "value": value, "weight": weight, "kinds": kinds}
            db.write(insert(common_values), row)

    migrate.upgrade(url)

    with opened(url) as database, database.transaction() as db:
        _, found = habits.usual(db, "nobody", [("country", "NO")])
    assert faded(found, system_clock()) == {
        ("country", ""): (pytest.approx(3.0, rel=1e-4), 2),
        ("country", "NO"): (pytest.approx(2.0, rel=1e-4), 0),
    }


def rows_of_0002() -> dict[str, dict[str, object]]:
    """A user, a session, a client and a grant as revision 0002 knew them."""
    now, later = "2030-01-01 12:00:00.000000", "2030-01-01 12:01:00.000000"
    born = {"created_at": now, "updated_at": now}
    seen = {"opened_at": now, "authenticated_at": now, "last_seen_at": now}
    proof = {"acr": "sfa", "amr": '["pwd"]'}
    return {
        "users": {
            "id": "u",
            "username": "ada",
            "username_key": "ada",
            "profile": "{}",
            "email_verified": False,
            "phone_number_verified": False,
            **born,
        },
        "clients": {"client_id": "c", "metadata": "{}", "version": 1, **born},
        "sessions": {
            "sid": "s",
            "secret_hash": b"s",
            "user_id": "u",
            "idle_seconds": 3600,
            **seen,
            "idle_until": later,
            "absolute_until": later,
            "address": "",
            "user_agent": "",
            **proof,
        },
        "grants": {
            "id": "g",
            "client_id": "c",
            "user_id": "u",
            "sid": "s",
            "scope": '["openid"]',
            "claims": "{}",
            "consented": False,
            "redirect_uri": "https://app.example.test/",
            "auth_time": now,
            "opened_at": now,
            "code_expires_at": later,
            **proof,
        },
    }


# What no code of ours, and no hand at the database's own prompt, can undo


def a_session(db: Transaction) -> str:
    user = User(id=new_id(), username=new_id(), created_at=NOON, updated_at=NOON)
    users.add(db, user)
    sid = new_id()
    db.write(
        insert(sessions).values(
            sid=sid,
            secret_hash=sid.encode(),
            user_id=user.id,
            opened_at=NOON,
            authenticated_at=NOON,
            last_seen_at=NOON,
            idle_seconds=3600,
            idle_until=NOON + timedelta(hours=1),
            absolute_until=NOON + timedelta(hours=12),
            acr="sfa",
            amr=["pwd"],
            address="",
            user_agent="",
            ended_at=NOON,
            end_reason="user_logout",
        )
    )
    return sid


def a_grant(db: Transaction) -> str:
    sid = a_session(db)
    user_id = db.read(text(f"SELECT user_id FROM sessions WHERE sid = '{sid}'")).scalar_one()
    client_id, grant_id = new_id(), new_id()
    db.write(
        insert(clients).values(
            client_id=client_id, metadata={}, version=1, created_at=NOON, updated_at=NOON
        )
    )
    db.write(
        insert(grants).values(
            id=grant_id,
            client_id=client_id,
            user_id=user_id,
            sid=sid,
            scope=["openid"],
            claims={},
            consented=False,
            redirect_uri="https://app.example.test/",
            auth_time=NOON,
            acr="sfa",
            amr=["pwd"],
            opened_at=NOON,
            code_expires_at=NOON,
            resource=[],
            offline=False,
            generation=0,
            retries=0,
            idle_until=NOON,
            absolute_until=NOON,
            ended_at=NOON,
            end_reason="code_reused",
        )
    )
    return grant_id


@pytest.mark.parametrize(
    "values",
    [
        {"ended_at": None, "end_reason": None},
        {"ended_at": NOON + timedelta(hours=1)},
        {"end_reason": "another"},
    ],
    ids=["cleared", "later", "another reason"],
)
@pytest.mark.parametrize(("table", "make"), [(sessions, a_session), (grants, a_grant)])
def test_an_end_is_written_once(database: Database, table, make, values):
    with database.transaction() as db:
        key = make(db)
    of_row = update(table).where(next(iter(table.primary_key)) == key)

    with pytest.raises(DBAPIError, match="ends once"), database.transaction() as db:
        db.write(of_row.values(**values))

    with database.transaction() as db:
        assert db.read(text(f"SELECT end_reason FROM {table.name}")).scalar_one() is not None


@pytest.mark.parametrize("table", [sessions, grants])
@pytest.mark.parametrize("values", [{"ended_at": NOON}, {"end_reason": "user_logout"}])
def test_an_end_has_an_instant_and_a_reason(database: Database, table, values):
    with database.transaction() as db:
        key = a_grant(db)
        sid = db.read(text(f"SELECT sid FROM grants WHERE id = '{key}'")).scalar_one()
        # An end cannot be taken back, so a row that lives is made anew.
        row = (
            db.read(table.select().where(next(iter(table.primary_key)).in_([key, sid])))
            .mappings()
            .one()
        )
        db.write(table.delete().where(next(iter(table.primary_key)).in_([key, sid])))

    alive = {**row, "ended_at": None, "end_reason": None, **values}
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.write(insert(table).values(**alive))


@pytest.mark.parametrize("values", [{"data": {}}, {"name": "nothing"}, {"at": NOON}])
def test_an_audit_event_stays_as_it_was_written(database: Database, values):
    with database.transaction() as db:
        db.write(
            insert(audit_events).values(
                at=NOON, name="session.ended", actor="user", reference="R", data={"a": 1}
            )
        )

    with pytest.raises(DBAPIError, match="stays"), database.transaction() as db:
        db.write(update(audit_events).values(**values))


def test_an_algorithm_has_one_active_key(database: Database):
    key = {"algorithm": "ES256", "state": "active", "private_sealed": b"", "created_at": NOON}
    with database.transaction() as db:
        db.write(insert(signing_keys).values(kid="one", **key))

    with pytest.raises(IntegrityError), database.transaction() as db:
        db.write(insert(signing_keys).values(kid="two", **key))
