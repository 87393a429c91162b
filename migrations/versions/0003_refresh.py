"""A grant is a refresh family: generations, deadlines, keys; clients that are disabled.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from idp.store.types import Instant, Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAMING = {"fk": "fk_%(table_name)s_%(column_0_N_name)s"}


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_revoked_tokens")),
    )
    op.create_index(op.f("ix_revoked_tokens_expires_at"), "revoked_tokens", ["expires_at"])

    op.add_column("clients", sa.Column("disabled_at", Instant(), nullable=True))
    op.add_column(
        "clients",
        sa.Column(
            "tokens_valid_from",
            Instant(),
            nullable=True,
            comment="its own tokens issued before are void",
        ),
    )
    _let_grants_outlive_sessions()
    _give_grants_a_family()


def _let_grants_outlive_sessions() -> None:
    """Drop the reference to a session; on SQLite that makes a new table, without its trigger."""
    with op.batch_alter_table("grants", naming_convention=_NAMING) as batch_op:
        batch_op.drop_constraint("fk_grants_sid", type_="foreignkey")
        batch_op.alter_column(
            "sid",
            existing_type=sa.String(),
            existing_nullable=False,
            comment="may be gone where `offline`",
        )


def _give_grants_a_family() -> None:
    """Add what a family needs; what was granted before has no refresh token and soon ends."""
    op.add_column("grants", _said("resource", Json, "[]", "resource indicators, RFC 8707"))
    op.add_column(
        "grants", _said("offline", sa.Boolean(), sa.false(), "it stands without its session")
    )
    op.add_column(
        "grants",
        sa.Column(
            "dpop_jkt",
            sa.String(),
            nullable=True,
            comment="the key that code or refresh token is bound to",
        ),
    )
    op.add_column(
        "grants", _said("generation", sa.Integer(), "0", "of the refresh token; 0: none yet")
    )
    op.add_column(
        "grants", _said("retries", sa.Integer(), "0", "how often this one was given again")
    )
    op.add_column(
        "grants",
        sa.Column(
            "refreshed_at", Instant(), nullable=True, comment="when this generation was given first"
        ),
    )
    op.add_column("grants", sa.Column("idle_until", Instant(), nullable=True))
    op.add_column("grants", sa.Column("absolute_until", Instant(), nullable=True))
    op.execute("UPDATE grants SET idle_until = code_expires_at, absolute_until = code_expires_at")
    with op.batch_alter_table("grants") as batch_op:
        for name in ("resource", "offline", "generation", "retries"):
            batch_op.alter_column(name, server_default=None)
        for name in ("idle_until", "absolute_until"):
            batch_op.alter_column(name, existing_type=Instant(), nullable=False)
        batch_op.create_check_constraint(
            op.f("ck_grants_idle_within_absolute"), "idle_until <= absolute_until"
        )
        batch_op.create_index(op.f("ix_grants_idle_until"), ["idle_until"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER grants_end_once BEFORE UPDATE ON grants "
            "WHEN OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NOT OLD.ended_at "
            "OR NEW.end_reason IS NOT OLD.end_reason) "
            "BEGIN SELECT RAISE(ABORT, 'a grant ends once'); END"
        )


def _said(name: str, kind: sa.types.TypeEngine, at_first: object, comment: str) -> sa.Column:
    """Return a column that older rows get a value for."""
    return sa.Column(name, kind, server_default=at_first, nullable=False, comment=comment)
