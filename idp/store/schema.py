"""The tables. One-time things carry the column that their compare-and-set turns."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from idp.store.types import Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _user(**options: bool) -> Column[str]:
    """A reference to a user, which goes when the user goes."""
    return Column(
        "user_id",
        String,
        ForeignKey("users.id", ondelete="CASCADE"),
        **({"nullable": False} | options),  # type: ignore[arg-type]
    )


def _client(**options: bool) -> Column[str]:
    """A reference to a client, which goes when the client goes."""
    return Column(
        "client_id",
        String,
        ForeignKey("clients.client_id", ondelete="CASCADE"),
        nullable=False,
        **options,  # type: ignore[arg-type]
    )


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

passwords = Table(
    "passwords",
    metadata,
    _user(primary_key=True),
    Column("hash", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

totp_authenticators = Table(
    "totp_authenticators",
    metadata,
    Column("id", String, primary_key=True),
    _user(index=True),
    Column("name", String, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("last_timecode", BigInteger, nullable=False, comment="the newest step burnt (I8)"),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    _user(index=True),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
)

webauthn_credentials = Table(
    "webauthn_credentials",
    metadata,
    Column("id", String, primary_key=True),
    _user(index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False, comment="COSE_Key, RFC 9052 §7"),
    Column("sign_count", BigInteger, nullable=False),
    Column("aaguid", String, nullable=False),
    Column("transports", Json, nullable=False),
    Column("backup_eligible", Boolean, nullable=False, comment="BE: may be synced"),
    Column("backed_up", Boolean, nullable=False, comment="BS: is synced, as last seen"),
    Column("verifies_user", Boolean, nullable=False, comment="UV at registration"),
    Column("attestation", String, nullable=False, comment="format; `none` where nothing is said"),
    Column("hardware", Boolean, nullable=False, comment="attested by a trusted maker"),
    Column("name", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("suspected_at", Instant, comment="when its counter last ran backwards"),
)

known_devices = Table(
    "known_devices",
    metadata,
    Column("device_id", String, primary_key=True),
    _user(primary_key=True, index=True),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("user_agent", String, nullable=False, server_default=text("''")),
    Column("trusted_until", Instant, comment="until then it stands for the second factor"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sid", String, primary_key=True, comment="public; the cookie's secret is another"),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    _user(index=True),
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
    Column("ended_at", Instant),
    Column("end_reason", String),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_a_reason"),
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

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", String, primary_key=True),
    Column("browser_hash", LargeBinary, nullable=False, comment="the browser it belongs to"),
    _user(index=True),
    Column("sid", String, comment="the session that it goes on from, if it does"),
    Column("purpose", String, nullable=False, server_default="sign_in"),
    Column("ticket_id", String, comment="the account ticket that began it, if one did"),
    Column("amr", Json, nullable=False, comment="what is proved so far"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("finished_at", Instant),
)

account_tickets = Table(
    "account_tickets",
    metadata,
    Column("id", String, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("purpose", String, nullable=False),
    _user(index=True, nullable=True),
    Column("email", String, comment="the address that it was sent to, or is to prove"),
    Column("browser_hash", LargeBinary, comment="the browser that asked for it, if one did"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)

channel_codes = Table(
    "channel_codes",
    metadata,
    Column("bound_to", String, primary_key=True, comment="the step that it was made for"),
    Column("channel", String, primary_key=True),
    _user(index=True),
    Column("address", String, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)

spent = Table(
    "spent",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="hash of a challenge that was answered"),
    Column("expires_at", Instant, nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False, comment="what is delivered in order, one by one"),
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
    Index("ix_outbox_subject_state", "subject", "state"),
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
)

consents = Table(
    "consents",
    metadata,
    _user(primary_key=True),
    _client(primary_key=True, index=True),
    Column("scope", Json, nullable=False),
    Column("claims", Json, nullable=False, comment="claim names allowed beside those of scopes"),
    Column("granted_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", String, primary_key=True),
    _client(index=True),
    _user(index=True),
    Column(
        "sid", String, ForeignKey("sessions.sid", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("scope", Json, nullable=False),
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
    Column("ended_at", Instant),
    Column("end_reason", String),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_a_reason"),
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

throttles = Table(
    "throttles",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

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

seals = Table(
    "seals",
    metadata,
    Column("name", String, primary_key=True, comment="e.g. which master key sealed this database"),
    Column("value", String, nullable=False),
)
