"""What all tables share: naming, and references to users and clients."""

from sqlalchemy import (
    Column,
    ForeignKey,
    MetaData,
    String,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def user(**options: bool) -> Column[str]:
    """A reference to a user, which goes when the user goes."""
    return Column(
        "user_id",
        String,
        ForeignKey("users.id", ondelete="CASCADE"),
        **({"nullable": False} | options),  # type: ignore[arg-type]
    )


def client(**options: bool) -> Column[str]:
    """A reference to a client, which goes when the client goes."""
    return Column(
        "client_id",
        String,
        ForeignKey("clients.client_id", ondelete="CASCADE"),
        nullable=False,
        **options,  # type: ignore[arg-type]
    )
