"""What proves a user, and what is on its way to be proved."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)

from idp.store.schema.base import metadata, user
from idp.store.types import Instant, Json

passwords = Table(
    "passwords",
    metadata,
    user(primary_key=True),
    Column("hash", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

totp_authenticators = Table(
    "totp_authenticators",
    metadata,
    Column("id", String, primary_key=True),
    user(index=True),
    Column("name", String, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("last_timecode", BigInteger, nullable=False, comment="the newest step burnt (I8)"),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
)

webauthn_credentials = Table(
    "webauthn_credentials",
    metadata,
    Column("id", String, primary_key=True),
    user(index=True),
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

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    user(index=True),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
)

channel_codes = Table(
    "channel_codes",
    metadata,
    Column("bound_to", String, primary_key=True, comment="the step that it was made for"),
    Column("channel", String, primary_key=True),
    user(index=True),
    Column("address", String, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)

known_devices = Table(
    "known_devices",
    metadata,
    Column("device_id", String, primary_key=True),
    user(primary_key=True, index=True),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False, index=True),
    Column("user_agent", String, nullable=False, server_default=text("''")),
    Column("trusted_until", Instant, comment="until then it stands for the second factor"),
    Column("confirmed_at", Instant, comment="since when it speaks for its user"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", String, primary_key=True),
    Column("browser_hash", LargeBinary, nullable=False, comment="the browser it belongs to"),
    user(index=True),
    Column("sid", String, comment="the session that it goes on from, if it does"),
    Column("purpose", String, nullable=False, server_default="sign_in"),
    Column("ticket_id", String, comment="the account ticket that began it, if one did"),
    Column("amr", Json, nullable=False, comment="what is proved so far"),
    Column("proved_at", Instant, comment="when the last of it was"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("finished_at", Instant),
)

throttles = Table(
    "throttles",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

spent = Table(
    "spent",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="hash of a challenge that was answered"),
    Column("expires_at", Instant, nullable=False, index=True),
)
