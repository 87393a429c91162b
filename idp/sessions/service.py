"""Open, find, prove again and end SSO sessions (OIDC Core §2 `auth_time`, ASVS 5.0 V7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from idp.audit import record
from idp.audit.events import SessionOpened, SessionProved
from idp.context import RequestContext
from idp.kernel.secrets import digest, new_id, new_secret
from idp.policy.acr import acr_of
from idp.policy.returning import IDLE_END
from idp.policy.session_limits import deadlines, idle_after_activity, worth_noting
from idp.sessions.endings import end, end_all_of_user, end_others
from idp.sessions.terms import Terms
from idp.store import session_changes, sessions
from idp.store.sessions import Past, Session, Standing

__all__ = [
    "OpenSession",
    "end",
    "end_all_of_user",
    "end_others",
    "find_past",
    "find_standing",
    "note_activity",
    "note_use",
    "open_session",
    "prove",
    "resume",
    "stay",
]

SECRET_PREFIX = "idp_ss_"  # noqa: S105 - what makes a leaked secret recognisable


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session and the secret that its browser must keep from now on."""

    session: Session
    secret: str


def find_standing(
    ctx: RequestContext, secret: str | None, *, client_id: str = ""
) -> Standing | None:
    """Return whose session this secret is, challenged or not; nothing is noted.

    With a `client_id` the answer also says what that client may already have.
    """
    if secret is None or not secret.startswith(SECRET_PREFIX):
        return None
    return sessions.find_standing(ctx.db, digest(secret), ctx.now, client_id)


def find_past(ctx: RequestContext, secret: str | None) -> Past | None:
    """Return the session whose secret this is, over or not; a secret that was replaced has none."""
    if secret is None or not secret.startswith(SECRET_PREFIX):
        return None
    return sessions.find_by_secret(ctx.db, digest(secret))


def resume(ctx: RequestContext, past: Session, secret: str) -> bool:
    """Use up what an idled session leaves to who returns; True for the one call that may.

    It stays over (I4), and its secret is good for nothing any more.
    """
    nobodys = digest(new_secret(SECRET_PREFIX))
    if not session_changes.retire(ctx.db, past, digest(secret), nobodys, ctx.now):
        return False
    end(ctx, past.sid, because=IDLE_END)
    return True


def note_activity(ctx: RequestContext, session: Session) -> None:
    """Count a request as activity, once in a tenth of the idle time."""
    idle = timedelta(seconds=session.idle_seconds)
    if worth_noting(session.last_seen_at, idle, ctx.now):
        until = idle_after_activity(idle, session.absolute_until, ctx.now)
        session_changes.touch(ctx.db, session, ctx.now, until)


def stay(ctx: RequestContext, session: Session) -> Session:
    """Count what a person does to stay signed in as activity, to the second; return the session."""
    until = idle_after_activity(
        timedelta(seconds=session.idle_seconds), session.absolute_until, ctx.now
    )
    session_changes.touch(ctx.db, session, ctx.now, until)
    return replace(session, last_seen_at=ctx.now, idle_until=until)


def note_use(ctx: RequestContext, sid: str, last_seen_at: datetime, idle_seconds: int) -> None:
    """Count what a client does out of a session as activity of its user, now and then."""
    idle = timedelta(seconds=idle_seconds)
    if worth_noting(last_seen_at, idle, ctx.now):
        session_changes.note_use(ctx.db, sid, idle_seconds, ctx.now, ctx.now + idle)


def open_session(
    ctx: RequestContext,
    user_id: str,
    amr: tuple[str, ...],
    device_id: str | None,
    *,
    authenticated_at: datetime | None = None,
    terms: Terms | None = None,
) -> OpenSession:
    """Open a session; every required factor has passed, the last of them now or a while ago."""
    by = terms or Terms(idle=ctx.settings.session_idle, absolute=ctx.settings.session_absolute)
    limits = deadlines(by.idle, by.absolute, ctx.now, at_most=by.at_most)
    session = Session(
        sid=new_id(),
        user_id=user_id,
        device_id=device_id,
        opened_at=ctx.now,
        authenticated_at=authenticated_at or ctx.now,
        last_seen_at=ctx.now,
        idle_seconds=int(limits.idle.total_seconds()),
        idle_until=limits.idle_until,
        absolute_until=limits.absolute_until,
        acr=acr_of(amr),
        amr=amr,
        address=ctx.origin.address,
        user_agent=ctx.origin.user_agent,
        risk=by.risk,
        policy_version=by.policy_version,
        limited_by=by.limited_by,
        decision_id=by.decision_id,
        client_id=by.client_id,
        remembered=by.remembered,
        seen_address=ctx.origin.address,
        seen_user_agent=ctx.origin.user_agent,
        seen_at=ctx.now,
    )
    secret = new_secret(SECRET_PREFIX)
    sessions.add(ctx.db, session, digest(secret))
    record(
        ctx,
        SessionOpened(
            user_id=user_id,
            sid=session.sid,
            acr=session.acr,
            amr=list(amr),
            level=by.risk,
            outcome=by.outcome,
            rule=by.rule,
            decision_id=by.decision_id,
        ),
    )
    return OpenSession(session, secret)


def prove(
    ctx: RequestContext,
    session: Session,
    secret: str,
    amr: tuple[str, ...],
    device_id: str | None,
    *,
    authenticated_at: datetime | None = None,
    anew: bool = False,
) -> OpenSession | None:
    """Write a new proof into a live session, under a new secret (I6).

    `authenticated_at` is given where the instant of the last proof stays what it was; `anew` says
    that everything was proved now, which a challenge takes.
    None when the old secret is no longer current: another request was faster, or it ended.
    """
    idle = timedelta(seconds=session.idle_seconds)
    proved = replace(
        session,
        authenticated_at=authenticated_at or ctx.now,
        last_seen_at=ctx.now,
        idle_until=idle_after_activity(idle, session.absolute_until, ctx.now),
        acr=acr_of(amr),
        amr=amr,
        device_id=device_id,
        seen_address=ctx.origin.address,
        seen_user_agent=ctx.origin.user_agent,
        seen_at=ctx.now,
        before_address=None,
        before_user_agent=None,
        challenged_at=None,
        challenge=None,
        turn=0,
        turned_at=ctx.now,
        turn_kept=False,
    )
    fresh = new_secret(SECRET_PREFIX)
    old, new = digest(secret), digest(fresh)
    if not session_changes.prove(ctx.db, proved, old, new, anew=anew):
        return None
    record(
        ctx,
        SessionProved(user_id=session.user_id, sid=session.sid, acr=proved.acr, amr=list(amr)),
    )
    return OpenSession(proved, fresh)
