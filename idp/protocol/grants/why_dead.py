"""Why nothing of a grant is accepted any more: for operators, never for the client."""

from idp.context import RequestContext
from idp.store import consents, sessions, users
from idp.store.grants import Grant


def why_dead(ctx: RequestContext, grant: Grant, *, with_session: bool = False) -> str | None:
    """Return the reason, the most telling one first; None while the grant lives.

    `with_session` asks for its session even where it stands without.
    Read after a refusal, so what happened in between may be the answer.
    """
    if grant.ended_at is not None:
        return f"grant_ended:{grant.end_reason}"
    user = users.find(ctx.db, grant.user_id)
    if user is None:
        return "user_gone"
    if user.disabled_at is not None:
        return "user_disabled"
    tied = with_session or not grant.offline
    if tied and (reason := why_session_over(ctx, grant.sid)) is not None:
        return reason
    if grant.consented and consents.find(ctx.db, grant.user_id, grant.client_id) is None:
        return "consent_revoked"
    return None


def why_no_refresh(ctx: RequestContext, grant: Grant) -> str | None:
    """Return why a family gives nothing more, although nothing ended the grant itself."""
    if grant.generation == 0:
        return "no_refresh_token"
    if grant.idle_until <= ctx.now and grant.ended_at is None:
        return "too_old" if grant.absolute_until <= ctx.now else "idle_too_long"
    return why_dead(ctx, grant)


def why_session_over(ctx: RequestContext, sid: str) -> str | None:
    """Return why a session gives nothing, for now or for good; None while it does."""
    past = sessions.find(ctx.db, sid)
    if past is None:
        return "session_gone"
    if past.ended_at is not None:
        return f"session_ended:{past.end_reason}"
    if past.session.absolute_until <= ctx.now:
        return "session_too_old"
    if past.session.idle_until <= ctx.now:
        return "session_idle_too_long"
    challenged = past.session.challenged_at is not None
    return f"session_challenged:{past.session.challenge}" if challenged else None
