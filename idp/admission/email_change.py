"""Another address becomes a user's once its link is opened where they are signed in."""

from idp.audit import record
from idp.audit.events import UserChanged
from idp.context import RequestContext
from idp.credentials import account_tickets
from idp.credentials.account_tickets import Purpose
from idp.credentials.notices import Notice, tell
from idp.store import users
from idp.store.account_tickets import AccountTicket


def confirm(ctx: RequestContext, ticket: AccountTicket) -> bool:
    """Make the proved address the user's; False when it is over, or somebody else's by now.

    The one before is told, and links that went to it are void.
    """
    user_id, address = str(ticket.user_id), str(ticket.email)
    users.hold(ctx.db, user_id)
    user = users.find(ctx.db, user_id)
    taken = users.others_called(ctx.db, address, user_id)
    if user is None or taken or not account_tickets.consume(ctx, ticket):
        ctx.db.rollback()
        return False
    account_tickets.void_all(ctx, user_id, Purpose.VERIFY_EMAIL, Purpose.RECOVER)
    changed = {"email": address, "email_verified": True}
    fields = [name for name, value in changed.items() if getattr(user, name) != value]
    if not fields:
        return True
    users.change(ctx.db, user_id, ctx.now, **changed)
    record(ctx, UserChanged(user_id=user_id, fields=fields))
    if user.email != address:
        account_tickets.void_mailed(ctx, user_id)
        tell(ctx, user, Notice.EMAIL_CHANGED, email=address)
    return True
