"""The cookies of a session take turns.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from idp.store.types import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    number = sa.Column(
        "turn",
        sa.Integer,
        nullable=False,
        server_default=sa.text("0"),
        comment="what its cookies show",
    )
    op.add_column("sessions", number)
    op.add_column("sessions", sa.Column("turned_at", Instant))
    kept = sa.Column("turn_kept", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("sessions", kept)
