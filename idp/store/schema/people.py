"""Accounts, and what stands for them by mail."""

from sqlalchemy import (
    Boolean,
    Column,
    LargeBinary,
    String,
    Table,
)

from idp.store.schema.base import metadata, user
from idp.store.types import Instant, Json

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True, comment="the subject identifier `sub`"),
    Column("username", String, nullable=False),
    Column("username_key", String, nullable=False, unique=True),
    Column("email", String),
    Column("email_key", String, index=True),
    Column("email_verified", Boolean, nullable=False, default=False),
    Column("phone_number", String),
    Column("phone_number_verified", Boolean, nullable=False, default=False),
    Column("profile", Json, nullable=False, comment="standard claims, OIDC Core §5.1"),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("factor_offer_declined_at", Instant),
    Column("factor_demanded_at", Instant, comment="since when the policy wants another factor"),
    Column("factors_reset_at", Instant, comment="binding a factor takes an operator's ticket"),
    Column("groups", Json, nullable=False, server_default="[]", default=list),
)

account_tickets = Table(
    "account_tickets",
    metadata,
    Column("id", String, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("purpose", String, nullable=False),
    user(index=True, nullable=True),
    Column("email", String, comment="the address that it was sent to, or is to prove"),
    Column("browser_hash", LargeBinary, comment="the browser that asked for it, if one did"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)
