"""What is removed when it is over is found by an index.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index(
        op.f("ix_grants_ended_at"),
        "grants",
        ["ended_at"],
        sqlite_where=ended,
        postgresql_where=ended,
    )
    op.create_index(op.f("ix_known_devices_last_seen_at"), "known_devices", ["last_seen_at"])
    op.create_index(op.f("ix_outbox_state_finished_at"), "outbox", ["state", "finished_at"])
