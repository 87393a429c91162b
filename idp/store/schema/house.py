"""What the provider keeps about itself and says to others later."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from idp.store.schema.base import metadata
from idp.store.types import Instant, Json

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("name", String, nullable=False, index=True),
    Column("actor", String, nullable=False),
    Column("user_id", String, index=True),
    Column("client_id", String),
    Column("sid", String, index=True),
    Column("address", String),
    Column("reference", String, nullable=False),
    Column("data", Json, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False, comment="what is delivered in order, one by one"),
    Column("sid", String, index=True, comment="the session that it tells of, if one"),
    Column("client_id", String, comment="whom it is for, if a client"),
    Column("payload_sealed", LargeBinary, comment="gone once it is delivered"),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("last_error", String),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
    Index("ix_outbox_state_not_before", "state", "not_before"),
    Index("ix_outbox_state_finished_at", "state", "finished_at"),
    Index("ix_outbox_subject_state", "subject", "state"),
)

Index(
    "ix_outbox_client_id_id",
    outbox.c.client_id,
    outbox.c.id,
    sqlite_where=outbox.c.state == "waiting",
    postgresql_where=outbox.c.state == "waiting",
)

seals = Table(
    "seals",
    metadata,
    Column("name", String, primary_key=True, comment="e.g. which master key sealed this database"),
    Column("value", String, nullable=False),
)
