"""Alembic's entry: one connection, one transaction per migration, batch mode for SQLite."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from idp.store.schema import metadata

# Of two nodes that migrate at once one waits, and then finds nothing left to do.
LOCK = 0x1D9_0001

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    if connection.dialect.name == "postgresql":
        # Held by the connection, not by a transaction: closing it gives the lock back.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
