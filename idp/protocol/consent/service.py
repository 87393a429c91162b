"""Record, and take back, consents (OIDC Core §3.1.2.4)."""

from sqlalchemy.exc import IntegrityError

from idp.audit import record
from idp.audit.events import ConsentDenied, ConsentGiven, ConsentRevoked
from idp.context import RequestContext
from idp.protocol.clients.registry import StaleClient
from idp.protocol.grants import service as grants
from idp.store import consents
from idp.store.consents import Consent
from idp.store.grants import Which


def allow(
    ctx: RequestContext,
    user_id: str,
    client_id: str,
    *,
    scope: tuple[str, ...],
    claims: tuple[str, ...],
) -> None:
    """Remember that the user agrees to `scope` and `claims`, beside what was agreed before.

    Raises:
        StaleClient: the client was deleted a moment ago.
    """
    consent = Consent(
        user_id=user_id, client_id=client_id, scope=scope, claims=claims, granted_at=ctx.now
    )
    try:
        anew = consents.save(ctx.db, consent, ctx.now)
    except IntegrityError as error:
        raise StaleClient from error
    if anew:
        # What was bought while an earlier consent was being taken back does not wake up.
        old = Which(user_id=user_id, client_id=client_id, consented=True)
        grants.end_all(ctx, old, because="consent_revoked")
    record(
        ctx,
        ConsentGiven(user_id=user_id, client_id=client_id, scope=list(scope), claims=list(claims)),
    )


def deny(ctx: RequestContext, user_id: str, client_id: str) -> None:
    """Note that the user said no; what was agreed before stands."""
    record(ctx, ConsentDenied(user_id=user_id, client_id=client_id))


def revoke(ctx: RequestContext, user_id: str, client_id: str) -> bool:
    """Take a consent back and end what was granted; False when there was neither."""
    agreed = consents.remove(ctx.db, user_id, client_id)
    which = Which(user_id=user_id, client_id=client_id)
    ended = len(grants.end_all(ctx, which, because="consent_revoked"))
    if agreed:
        record(ctx, ConsentRevoked(user_id=user_id, client_id=client_id, grants_ended=ended))
    return agreed or bool(ended)
