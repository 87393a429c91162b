"""The statement by which a client gives a grant back (RFC 7009 §2.1)."""

from sqlalchemy import Boolean, bindparam, or_, update

from idp.store.database import Transaction
from idp.store.grants import COLUMNS, ending
from idp.store.noted import Note, NotedChange
from idp.store.schema import grants
from idp.store.sessions import NOW

_END = NotedChange(
    update(grants)
    .where(
        grants.c.id == bindparam("given_grant"),
        grants.c.client_id == bindparam("given_by"),
        grants.c.ended_at.is_(None),
        or_(grants.c.code_redeemed_at.is_(None), bindparam("given_in_use", type_=Boolean())),
    )
    .values(**ending(NOW, bindparam("given_reason")))
    .returning(*COLUMNS)
)


def end(
    db: Transaction, grant_id: str, client_id: str, reason: str, note: Note, *, in_use: bool
) -> bool:
    """End a grant of this client; True when this call did.

    Without `in_use` only while its code was not redeemed. A client whose answer was lost gives it
    back once more, and nobody is worse off.
    """
    values = {
        "given_grant": grant_id,
        "given_by": client_id,
        "given_reason": reason,
        "given_in_use": in_use,
        "now": note.at,
    }
    return _END.write(db, values, note, at_once=True) is not None
