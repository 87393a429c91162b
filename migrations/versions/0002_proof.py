"""Passkeys, channels, trusted devices, tickets by mail, and the outbox.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from idp.store.types import Instant, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "subject", sa.String(), nullable=False, comment="what is delivered in order, one by one"
        ),
        sa.Column(
            "payload_sealed", sa.LargeBinary(), nullable=True, comment="gone once it is delivered"
        ),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_outbox_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_state_not_before", ["state", "not_before"], unique=False)
        batch_op.create_index("ix_outbox_subject_state", ["subject", "state"], unique=False)

    op.create_table(
        "spent",
        sa.Column(
            "key", sa.LargeBinary(), nullable=False, comment="hash of a challenge that was answered"
        ),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spent")),
    )
    with op.batch_alter_table("spent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "account_tickets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column(
            "email",
            sa.String(),
            nullable=True,
            comment="the address that it was sent to, or is to prove",
        ),
        sa.Column(
            "browser_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="the browser that asked for it, if one did",
        ),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_account_tickets_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_tickets")),
    )
    with op.batch_alter_table("account_tickets", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_tickets_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_account_tickets_user_id"), ["user_id"], unique=False)

    op.create_table(
        "channel_codes",
        sa.Column("bound_to", sa.String(), nullable=False, comment="the step that it was made for"),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_channel_codes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("bound_to", "channel", name=op.f("pk_channel_codes")),
    )
    with op.batch_alter_table("channel_codes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_channel_codes_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_channel_codes_user_id"), ["user_id"], unique=False)

    op.create_table(
        "webauthn_credentials",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="COSE_Key, RFC 9052 §7"),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("aaguid", sa.String(), nullable=False),
        sa.Column("transports", Json, nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False, comment="BE: may be synced"),
        sa.Column("backed_up", sa.Boolean(), nullable=False, comment="BS: is synced, as last seen"),
        sa.Column("verifies_user", sa.Boolean(), nullable=False, comment="UV at registration"),
        sa.Column(
            "attestation",
            sa.String(),
            nullable=False,
            comment="format; `none` where nothing is said",
        ),
        sa.Column("hardware", sa.Boolean(), nullable=False, comment="attested by a trusted maker"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column(
            "suspected_at", Instant(), nullable=True, comment="when its counter last ran backwards"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_webauthn_credentials_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webauthn_credentials")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_webauthn_credentials_credential_id")),
    )
    with op.batch_alter_table("webauthn_credentials", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webauthn_credentials_user_id"), ["user_id"], unique=False
        )

    op.add_column(
        "known_devices",
        sa.Column("user_agent", sa.String(), server_default=sa.text("''"), nullable=False),
    )
    op.add_column(
        "known_devices",
        sa.Column(
            "trusted_until",
            Instant(),
            nullable=True,
            comment="until then it stands for the second factor",
        ),
    )

    # A secret that waits to be confirmed is derived by now, not kept.
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.drop_column("enrolling_sealed")
    op.add_column(
        "login_attempts",
        sa.Column("proved_at", Instant(), nullable=True, comment="when the last of it was"),
    )
    op.add_column(
        "login_attempts",
        sa.Column("purpose", sa.String(), server_default="sign_in", nullable=False),
    )
    op.add_column(
        "login_attempts",
        sa.Column(
            "ticket_id",
            sa.String(),
            nullable=True,
            comment="the account ticket that began it, if one did",
        ),
    )

    op.add_column(
        "users",
        sa.Column(
            "factor_demanded_at",
            Instant(),
            nullable=True,
            comment="since when the policy wants another factor",
        ),
    )
    op.add_column(
        "users",
        sa.Column(
            "factors_reset_at",
            Instant(),
            nullable=True,
            comment="binding a factor takes an operator's ticket",
        ),
    )
    op.add_column("users", sa.Column("groups", Json, server_default="[]", nullable=False))
