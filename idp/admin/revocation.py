"""Take back what was given: the one service behind the endpoints and `idp token revoke`.

Sessions end first and for good, then what clients have for themselves, then grants: in that order
nothing comes to life again in between (I3). A crash in the middle leaves ended what was ended; to
ask again is always right.
"""

from datetime import timedelta

from idp.admin import endings
from idp.admin.ended import Ended
from idp.admin.selection import Order
from idp.admin.target import OwnToken, Target, target_of
from idp.audit import record
from idp.audit.token_events import AccessTokenRevoked, TokensRevoked
from idp.context import RequestContext
from idp.credentials import account_tickets, devices
from idp.credentials.account_tickets import Purpose
from idp.protocol.clients import service as clients
from idp.sessions import grant_ends
from idp.sessions import service as sessions
from idp.store import revoked_tokens, users
from idp.store.endings import Begun
from idp.store.grants import Which
from idp.store.users import User
from idp.web.end_words import BY_ADMIN

GLOBAL = "global_token_revocation"
# The smallest step of our clock: what was issued at this very instant is void as well.
_AFTERWARDS = timedelta(microseconds=1)
# What somebody in the account may have begun; invitations and resets are an operator's own.
_BEGUN_BY_USERS = (Purpose.RECOVER, Purpose.VERIFY_EMAIL)


def revoke(ctx: RequestContext, order: Order) -> Ended:
    """End what is selected, before this returns; say what that was.

    Raises:
        NothingOfThisName: there is no such client or user.
    """
    return _carry_out(ctx, target_of(ctx, order.what), order.reason)


def revoke_user(ctx: RequestContext, user: User, *, named: str) -> Ended:
    """End all of a user's sessions and grants (draft-parecki-oauth-global-token-revocation §3.3).

    `named` is the format of the subject identifier that named the user.
    """
    return _carry_out(ctx, Target(named={"sub_id": named}, user=user), GLOBAL)


def _carry_out(ctx: RequestContext, target: Target, reason: str) -> Ended:
    because = BY_ADMIN + reason
    ended = Ended(found=target.found)
    _end_sign_ins(ctx, target, because, ended)
    _void_own_tokens(ctx, target, because, ended)
    _end_grants(ctx, target, because, ended)
    record(
        ctx,
        TokensRevoked(
            user_id=target.user.id if target.user else None,
            client_id=target.client_id,
            sid=target.sid,
            reason=reason,
            selector=target.named,
            **ended.counts,
        ),
    )
    return ended


def _end_sign_ins(ctx: RequestContext, target: Target, because: str, ended: Ended) -> None:
    """End sessions and what is on its way to become one; nothing of it where a client is named."""
    if target.with_session and target.sid is not None:
        if sessions.end(ctx, target.sid, because=because):
            ended.add("sessions", [target.sid])
        ctx.db.commit()
        return
    if target.client_id is not None:
        return
    user, before = target.user, target.before
    if user is None and before is None:
        return
    if user is not None:
        # The user before all that is the user's, as everywhere: sign-ins queue here.
        users.hold(ctx.db, user.id)
        if before is None:
            account_tickets.withdraw(ctx, user.id, *_BEGUN_BY_USERS)
            devices.distrust_all(ctx, user.id, because=because)
    begun = Begun(user_id=user.id if user else None, before=before)
    if before is not None:
        endings.end_sign_ins(ctx, begun)
    endings.end_sessions(ctx, begun, because, ended)


def _void_own_tokens(ctx: RequestContext, target: Target, because: str, ended: Ended) -> None:
    """Void what clients got for themselves; whoever waits for a client's row holds no other."""
    if target.own_token is not None:
        _void_one(ctx, target.own_token, because, ended)
    everything = target.client_id is None and target.before is not None
    of_client = target.client_id is not None and target.sid is None
    if target.user is None and (everything or of_client):
        voided = clients.void_own_tokens(
            ctx, target.client_id, target.before or ctx.now + _AFTERWARDS
        )
        ended.add("clients", voided)


def _void_one(ctx: RequestContext, token: OwnToken, because: str, ended: Ended) -> None:
    if token.expires_at > ctx.now and revoked_tokens.add(ctx.db, token.jti, token.expires_at):
        record(ctx, AccessTokenRevoked(client_id=token.client_id, jti=token.jti, reason=because))
        ended.add("tokens", [token.jti])


def _end_grants(ctx: RequestContext, target: Target, because: str, ended: Ended) -> None:
    if target.grant_id is not None:
        if grant_ends.end(ctx, target.grant_id, because=because):
            ended.add("grants", [target.grant_id])
        return
    which = Which(
        user_id=target.user.id if target.user else None,
        client_id=target.client_id,
        sid=target.sid,
        opened_before=target.before,
        offline=False if target.with_session and not target.offline else None,
    )
    endings.end_grants(ctx, which, because, ended)
