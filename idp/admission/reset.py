"""An operator takes somebody's second factors away, and makes the link that lets new ones be bound.

Until then the password alone opens nothing: whoever learnt it would else bind a factor of their
own (ASVS 5.0 §6.4.4). The phone number stays, for it was proved by another way.
"""

from idp.admission import invitation, mails
from idp.admission.invitation import Link
from idp.audit import record
from idp.audit.admission_events import FactorsReset
from idp.context import RequestContext
from idp.credentials import account_tickets, devices
from idp.credentials.account_tickets import Purpose
from idp.credentials.notices import Notice, tell
from idp.sessions import grant_ends
from idp.sessions import service as sessions
from idp.store import factors, users
from idp.store.owned import kinds
from idp.store.users import User


def reset_factors(ctx: RequestContext, user: User, reason: str) -> Link:
    """Remove all second factors and end whatever they opened; return the link to new ones.

    Who has no password has then nothing at all, and is invited again.
    """
    users.hold(ctx.db, user.id)
    removed = factors.remove_all(ctx.db, user.id)
    account_tickets.withdraw(ctx, user.id)
    sessions.end_all_of_user(ctx, user.id, because="factors_reset")
    grant_ends.end_offline(ctx, user.id, because="factors_reset")
    devices.forget_others(ctx, user.id, but=None, because="factors_reset")
    has_password = kinds(ctx.db, user.id).password
    users.note(ctx.db, user.id, factors_reset_at=ctx.now if has_password else None)
    record(
        ctx,
        FactorsReset(
            user_id=user.id,
            reason=reason,
            passkeys=removed.passkeys,
            authenticators=removed.authenticators,
            recovery_codes=removed.recovery_codes,
        ),
    )
    tell(ctx, user, Notice.FACTORS_RESET)
    if not has_password:
        return invitation.invite(ctx, user)
    return invitation.links(ctx, user, Purpose.RESET, mails.send_reset)
