"""Sessions, and what relying parties have out of them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    false,
    text,
)

from idp.store.schema.base import client, metadata, user
from idp.store.types import Instant, Json

sessions = Table(
    "sessions",
    metadata,
    Column("sid", String, primary_key=True, comment="public; the cookie's secret is another"),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    user(index=True),
    Column("device_id", String),
    Column("opened_at", Instant, nullable=False),
    Column("authenticated_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("idle_until", Instant, nullable=False),
    Column("absolute_until", Instant, nullable=False, index=True),
    Column("acr", String, nullable=False),
    Column("amr", Json, nullable=False),
    Column("address", String, nullable=False),
    Column("user_agent", String, nullable=False),
    Column("risk", String, nullable=False, server_default="low", comment="as it was judged last"),
    Column(
        "policy_version", String, nullable=False, server_default=text("''"), comment="of its limits"
    ),
    Column(
        "limited_by",
        String,
        nullable=False,
        server_default=text("''"),
        comment="the rule, if one did",
    ),
    Column("decision_id", String, comment="the decision that it opened by"),
    Column("client_id", String, comment="for whom it was opened, if for one"),
    Column(
        "seen_address", String, nullable=False, server_default=text("''"), comment="where it is now"
    ),
    Column("seen_user_agent", String, nullable=False, server_default=text("''")),
    Column("seen_at", Instant, comment="since when it is there"),
    Column("before_address", String, comment="where it was before that"),
    Column("before_user_agent", String),
    Column(
        "turn", Integer, nullable=False, server_default=text("0"), comment="what its cookies show"
    ),
    Column("turned_at", Instant),
    Column("turn_kept", Boolean, nullable=False, server_default=false()),
    Column("challenged_at", Instant, comment="useless until it is proved again"),
    Column("challenge", String, comment="the rule that wants that"),
    Column("remembered", Boolean, nullable=False, server_default=false()),
    Column("ended_at", Instant),
    Column("end_reason", String),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_a_reason"),
)
Index(
    "ix_sessions_idle_until",
    sessions.c.idle_until,
    sqlite_where=sessions.c.ended_at.is_(None),
    postgresql_where=sessions.c.ended_at.is_(None),
)
_good = and_(sessions.c.ended_at.is_(None), sessions.c.challenged_at.is_(None))
Index(
    "ix_sessions_policy_version",
    sessions.c.policy_version,
    sessions.c.sid,
    sqlite_where=_good,
    postgresql_where=_good,
)

authorization_requests = Table(
    "authorization_requests",
    metadata,
    Column("id", String, primary_key=True),
    Column("client_id", String, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("completed_at", Instant),
)

clients = Table(
    "clients",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("secret_hash", LargeBinary),
    Column("metadata", Json, nullable=False, comment="client metadata, OIDC Registration §2"),
    Column("version", Integer, nullable=False, comment="rises with each change"),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("tokens_valid_from", Instant, comment="its own tokens issued before are void"),
)

consents = Table(
    "consents",
    metadata,
    user(primary_key=True),
    client(primary_key=True, index=True),
    Column("scope", Json, nullable=False),
    Column("claims", Json, nullable=False, comment="claim names allowed beside those of scopes"),
    Column("granted_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", String, primary_key=True),
    client(index=True),
    user(index=True),
    Column("sid", String, nullable=False, index=True, comment="may be gone where `offline`"),
    Column("scope", Json, nullable=False),
    Column("resource", Json, nullable=False, comment="resource indicators, RFC 8707"),
    Column("offline", Boolean, nullable=False, comment="it stands without its session"),
    Column("claims", Json, nullable=False, comment="the `claims` parameter, OIDC Core §5.5"),
    Column("consented", Boolean, nullable=False, comment="it rests on a consent that must stand"),
    Column("redirect_uri", String, nullable=False),
    Column("code_challenge", String),
    Column("nonce", String),
    Column("auth_time", Instant, nullable=False),
    Column("acr", String, nullable=False),
    Column("amr", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("code_expires_at", Instant, nullable=False),
    Column("code_redeemed_at", Instant),
    Column("dpop_jkt", String, comment="the key that code or refresh token is bound to"),
    Column("generation", Integer, nullable=False, comment="of the refresh token; 0: none yet"),
    Column("retries", Integer, nullable=False, comment="how often this one was given again"),
    Column("refreshed_at", Instant, comment="when this generation was given first"),
    Column("idle_until", Instant, nullable=False, index=True),
    Column("absolute_until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("end_reason", String),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_a_reason"),
    CheckConstraint("idle_until <= absolute_until", name="idle_within_absolute"),
)
Index(
    "ix_grants_ended_at",
    grants.c.ended_at,
    sqlite_where=grants.c.ended_at.is_not(None),
    postgresql_where=grants.c.ended_at.is_not(None),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("jti", String, primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String, primary_key=True),
    Column("algorithm", String, nullable=False),
    Column("state", String, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("activated_at", Instant),
    Column("retired_at", Instant),
    Column("published_until", Instant),
    CheckConstraint("state IN ('next', 'active', 'retired')", name="state"),
)
Index(
    "uq_signing_keys_one_active",
    signing_keys.c.algorithm,
    unique=True,
    sqlite_where=signing_keys.c.state == "active",
    postgresql_where=signing_keys.c.state == "active",
)
