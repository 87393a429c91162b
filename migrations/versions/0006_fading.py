"""What is common fades, and sessions of another policy are found at once.

Revision ID: 0006
Revises: 0005
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from idp.kernel.clock import system_clock

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# As `idp/policy/risk/fading.py` had them when this was written.
DAY, HALF_LIFE = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=90)


def upgrade() -> None:
    """Go up."""
    # What is known by now counts in full today, and fades from here on.
    worth = 2.0 ** ((system_clock() - DAY) / HALF_LIFE)
    op.execute(sa.text("UPDATE common_values SET weight = weight * :worth").bindparams(worth=worth))
    _index_some("ix_common_values_weight", "common_values", ["weight"], "value != ''")
    good = "ended_at IS NULL AND challenged_at IS NULL"
    _index_some("ix_sessions_policy_version", "sessions", ["policy_version", "sid"], good)


def _index_some(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
