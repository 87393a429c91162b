"""What is decided about people, and what is usual for them."""

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
)

from idp.store.schema.base import metadata, user
from idp.store.types import Instant, Json

decisions = Table(
    "decisions",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("moment", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("policy_version", String, nullable=False),
    Column("level", String, nullable=False),
    Column("score", Float, nullable=False),
    user(),
    Column("sid", String, index=True),
    Column("client_id", String),
    Column("device_id", String),
    Column("address", String, nullable=False),
    Column("user_agent", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("facts", Json, nullable=False, comment="as the policy saw them; can be judged again"),
    Column("limits", Json, nullable=False),
    Column("contributions", Json, nullable=False, comment="what moved the score, strongest first"),
    Column("features", Json, nullable=False, comment="the values that habits are counted by"),
    Column("draft", Json, comment="what a draft policy would have said"),
    Column("teaches", Float, nullable=False, comment="what the habits of all have yet to learn"),
    Column("answer", String, comment="the user's own: me, not_me"),
    Column("answered_at", Instant),
)
Index("ix_decisions_user_id_at", decisions.c.user_id, decisions.c.at)
Index(
    "ix_decisions_teaches",
    decisions.c.id,
    sqlite_where=decisions.c.teaches > 0,
    postgresql_where=decisions.c.teaches > 0,
)

habits = Table(
    "habits",
    metadata,
    user(primary_key=True),
    Column("learned", Float, nullable=False, comment="how many sign-ins, weighted, taught it"),
    Column("counters", Json, nullable=False, comment="feature → value → weight, bounded"),
    Column("version", Integer, nullable=False, comment="rises with each change"),
    Column("updated_at", Instant, nullable=False),
)

common_values = Table(
    "common_values",
    metadata,
    Column("feature", String, primary_key=True),
    Column("value", String, primary_key=True, comment="empty: the sum over all values"),
    # In what the sign-ins of one day are worth, always the same day (policy.risk.fading).
    Column("weight", Float, nullable=False),
    Column("kinds", Integer, nullable=False, comment="of the sum: how many values there are"),
)
Index(
    "ix_common_values_weight",
    common_values.c.weight,
    sqlite_where=common_values.c.value != "",
    postgresql_where=common_values.c.value != "",
)
