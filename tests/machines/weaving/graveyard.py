"""Where removed rows go: triggers keep each as it was when it was removed.

So the oracle knows of a row that a purge took how it was by then, whatever happened to it before.
"""

from collections.abc import Iterator

from sqlalchemy import Column, Engine, MetaData, Table, delete

from idp.store.database import Transaction
from idp.store.schema import grants, revoked_tokens, sessions

PURGED = (grants, sessions, revoked_tokens)
# Tables of their own `MetaData`: no step of a schedule has to do with them.
_GRAVES = MetaData()
GRAVES = {
    table.name: Table(
        f"buried_{table.name}", _GRAVES, *(Column(each.name, each.type) for each in table.c)
    )
    for table in PURGED
}


def dig(engine: Engine) -> None:
    """Keep from here on what is removed."""
    with engine.begin() as connection:
        _GRAVES.create_all(connection)
        for table in PURGED:
            for statement in _burying(engine.dialect.name, table):
                connection.exec_driver_sql(statement)


def _burying(dialect: str, table: Table) -> Iterator[str]:
    names = ", ".join(table.c.keys())
    values = ", ".join(f"OLD.{name}" for name in table.c.keys())  # noqa: SIM118 - no dict
    bury = f"INSERT INTO buried_{table.name} ({names}) VALUES ({values});"
    when = f"CREATE TRIGGER bury_{table.name} AFTER DELETE ON {table.name} FOR EACH ROW"
    if dialect == "sqlite":
        yield f"{when} BEGIN {bury} END"
        return
    yield (
        f"CREATE FUNCTION bury_{table.name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {bury} RETURN OLD; END $$"
    )
    yield f"{when} EXECUTE FUNCTION bury_{table.name}()"


def clear(db: Transaction) -> None:
    """Remove what purges could find, and what was kept of it: a batch is for one scene alone."""
    for table in PURGED:
        db.write(delete(table))
        db.write(delete(GRAVES[table.name]))
