"""The tables. One-time things carry the column that their compare-and-set turns."""

from idp.store.schema.base import metadata
from idp.store.schema.house import (
    audit_events,
    outbox,
    seals,
)
from idp.store.schema.judging import (
    common_values,
    decisions,
    habits,
)
from idp.store.schema.people import (
    account_tickets,
    users,
)
from idp.store.schema.proofs import (
    channel_codes,
    known_devices,
    login_attempts,
    passwords,
    recovery_codes,
    spent,
    throttles,
    totp_authenticators,
    webauthn_credentials,
)
from idp.store.schema.protocol import (
    authorization_requests,
    clients,
    consents,
    grants,
    revoked_tokens,
    sessions,
    signing_keys,
)

__all__ = [
    "account_tickets",
    "audit_events",
    "authorization_requests",
    "channel_codes",
    "clients",
    "common_values",
    "consents",
    "decisions",
    "grants",
    "habits",
    "known_devices",
    "login_attempts",
    "metadata",
    "outbox",
    "passwords",
    "recovery_codes",
    "revoked_tokens",
    "seals",
    "sessions",
    "signing_keys",
    "spent",
    "throttles",
    "totp_authenticators",
    "users",
    "webauthn_credentials",
]
