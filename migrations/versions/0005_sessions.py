"""Sessions are judged: by which policy, where they are, and what is usual for whom.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from idp.store.types import Instant, Json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up."""
    for column in _of_sessions():
        op.add_column("sessions", column)
    # Where they are now is where they were opened, as far as anybody knows.
    op.execute("UPDATE sessions SET seen_address = address, seen_user_agent = user_agent")
    _index_some("ix_sessions_idle_until", "sessions", "idle_until", "ended_at IS NULL")
    _make_decisions()
    _make_habits()
    op.add_column("outbox", _text("sid", "the session that it tells of, if one"))
    op.add_column("outbox", _text("client_id", "whom it is for, if a client"))
    op.create_index(op.f("ix_outbox_sid"), "outbox", ["sid"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_outbox_client_id_id",
        "outbox",
        ["client_id", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.add_column(
        "known_devices",
        sa.Column(
            "confirmed_at", Instant(), nullable=True, comment="since when it speaks for its user"
        ),
    )


def _of_sessions() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        _said("risk", "low", "as it was judged last"),
        _said("policy_version", "", "of its limits"),
        _said("limited_by", "", "the rule, if one did"),
        _text("decision_id", "the decision that it opened by"),
        _text("client_id", "for whom it was opened, if for one"),
        _said("seen_address", "", "where it is now"),
        _said("seen_user_agent", ""),
        sa.Column("seen_at", Instant(), nullable=True, comment="since when it is there"),
        _text("before_address", "where it was before that"),
        _text("before_user_agent"),
        sa.Column(
            "challenged_at",
            Instant(),
            nullable=True,
            comment="useless until it is proved again",
        ),
        _text("challenge", "the rule that wants that"),
        sa.Column(
            "remembered",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
        ),
    ]


def _text(name: str, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=True, comment=comment)


def _said(name: str, default: str, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(
        name, sa.String(), nullable=False, server_default=default or sa.text("''"), comment=comment
    )


def _index_some(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        [column],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("moment", "outcome", "rule")),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        *(_text(name) for name in ("sid", "client_id", "device_id")),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("address", "user_agent", "reference")
        ),
        _json("facts", "as the policy saw them; can be judged again"),
        _json("limits"),
        _json("contributions", "what moved the score, strongest first"),
        _json("features", "the values that habits are counted by"),
        sa.Column("draft", Json, nullable=True, comment="what a draft policy would have said"),
        sa.Column(
            "teaches",
            sa.Float(),
            nullable=False,
            comment="what the habits of all have yet to learn",
        ),
        _text("answer", "the user's own: me, not_me"),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_decisions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_at"), "decisions", ["at"])
    op.create_index(op.f("ix_decisions_sid"), "decisions", ["sid"])
    op.create_index("ix_decisions_user_id_at", "decisions", ["user_id", "at"])
    _index_some("ix_decisions_teaches", "decisions", "id", "teaches > 0")


def _make_habits() -> None:
    op.create_table(
        "habits",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column(
            "learned", sa.Float(), nullable=False, comment="how many sign-ins, weighted, taught it"
        ),
        _json("counters", "feature → value → weight, bounded"),
        sa.Column("version", sa.Integer(), nullable=False, comment="rises with each change"),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_habits_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_habits")),
    )
    op.create_table(
        "common_values",
        sa.Column("feature", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False, comment="empty: the sum over all values"),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column(
            "kinds", sa.Integer(), nullable=False, comment="of the sum: how many values there are"
        ),
        sa.PrimaryKeyConstraint("feature", "value", name=op.f("pk_common_values")),
    )


def _json(name: str, comment: str | None = None) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(name, Json, nullable=False, comment=comment)
