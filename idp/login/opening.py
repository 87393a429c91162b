"""The one place where sessions open: by the limits of the judgement, with the decision beside."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.context import RequestContext
from idp.credentials import arrivals, devices
from idp.credentials.arrivals import Arrival
from idp.judgement import service as judgement
from idp.kernel.secrets import new_id
from idp.login import room
from idp.login.sign_in import Browser, Judged, Proved, StepLost
from idp.policy.at_sign_in import shortened
from idp.policy.terms import AtLimit, RiskLevel
from idp.sessions import service as sessions
from idp.sessions.service import OpenSession
from idp.sessions.terms import Terms
from idp.store import habits, known_devices
from idp.store import sessions as rows
from idp.store.sessions import Session

_NEW_COUNTRY = "new_country"


@dataclass(frozen=True, slots=True)
class _Here:
    """The browser, the device credential that it has from now on, and whether that is a new one."""

    browser: Browser
    device_id: str
    device_new: bool


def open_session(
    ctx: RequestContext, proved: Proved, browser: Browser, device_id: str
) -> OpenSession:
    """Open a session, or write the new proof into the one that this user has here.

    Raises:
        StepLost: the proof belongs to a session that is over, or there is no room for another one;
            nothing of it is written.
    """
    user, judged = proved.user, proved.judged
    mine = browser.session_of(user.id)
    # Whoever waits for the user's row waits before anything is written.
    crowd = _crowd(ctx, proved) if mine is None else []
    here = _Here(browser, device_id, _know_device(ctx, proved, device_id))
    if mine is not None:
        if (written := _prove(ctx, proved, mine, here)) is not None:
            return written
        crowd = _crowd(ctx, proved)
    elif browser.anybodys is not None:
        sessions.end(ctx, browser.anybodys.session.sid, because="another_account")
    if proved.sid is not None or judged is None:
        ctx.db.rollback()
        raise StepLost
    return _open_another(ctx, proved, judged, here, crowd)


def _crowd(ctx: RequestContext, proved: Proved) -> list[Session]:
    """Return the sessions that are in the way of another one."""
    if proved.judged is None:
        return []
    return room.in_the_way(ctx, proved.user.id, proved.judged.decided.judgement.limits)


def _know_device(ctx: RequestContext, proved: Proved, device_id: str) -> bool:
    """Remember the browser, and let it stand for the second step where that is wished and let.

    True when it is new to this user.
    """
    user_id, judged = proved.user.id, proved.judged
    if judged is None:
        return devices.remember(ctx, device_id, user_id)
    calm = judged.decided.facts.risk is RiskLevel.LOW
    new = devices.remember(ctx, device_id, user_id, confirmed=calm)
    lifetime = judged.decided.judgement.limits.trusted_device
    if proved.trust and lifetime:
        devices.trust(ctx, device_id, user_id, lifetime)
    return new


def _prove(
    ctx: RequestContext, proved: Proved, session: Session, here: _Here
) -> OpenSession | None:
    """Write the proof into the session that this browser has; None when it is another's by now."""
    written = sessions.prove(
        ctx,
        session,
        here.browser.secret or "",
        proved.amr,
        here.device_id,
        authenticated_at=max(session.authenticated_at, proved.at) if proved.at else ctx.now,
        anew=proved.sid is None,
    )
    if written is None or proved.sid not in (None, written.session.sid):
        return None
    if proved.judged is not None:
        decision_id = proved.attempt or new_id()
        _record(ctx, proved.judged, written.session.sid, decision_id, here)
    return written


def _record(ctx: RequestContext, judged: Judged, sid: str, decision_id: str, here: _Here) -> None:
    """Write down what the sign-in came to.

    Raises:
        StepLost: it has come to something else before.
    """
    if not judgement.record_success(
        ctx, judged.decided, sid=sid, decision_id=decision_id, device_id=here.device_id
    ):
        ctx.db.rollback()
        raise StepLost


def _open_another(
    ctx: RequestContext, proved: Proved, judged: Judged, here: _Here, crowd: list[Session]
) -> OpenSession:
    """Open a session by the limits of the judgement, in the room of what has to end for it.

    Raises:
        StepLost: there is no room any more, or another window came back first.
    """
    resumes, limits = judged.resumes, judged.decided.judgement.limits
    closed = limits.at_limit is AtLimit.REFUSE_NEW and not proved.make_room
    secret = here.browser.secret or ""
    if (crowd and closed) or (resumes and not sessions.resume(ctx, resumes, secret)):
        ctx.db.rollback()
        raise StepLost
    room.make_room(ctx, crowd)
    decision_id = proved.attempt or new_id()
    opened = sessions.open_session(
        ctx,
        proved.user.id,
        proved.amr,
        here.device_id,
        authenticated_at=proved.at,
        terms=_terms(proved, judged, decision_id),
    )
    _tell_of_new(ctx, proved, judged, opened.session, device_new=here.device_new)
    _record(ctx, judged, opened.session.sid, decision_id, here)
    return opened


def _terms(proved: Proved, judged: Judged, decision_id: str) -> Terms:
    decided = judged.decided
    said, limits = decided.judgement, decided.judgement.limits
    return Terms(
        idle=limits.idle,
        absolute=limits.absolute,
        at_most=judged.resumes.absolute_until if judged.resumes else None,
        risk=decided.facts.risk.word,
        policy_version=said.version,
        limited_by=shortened(said, decided.policy.defaults) or "",
        outcome=said.outcome.value,
        rule=said.rule,
        decision_id=decision_id,
        client_id=decided.facts.client_id,
        remembered=proved.remember and limits.remember > timedelta(0),
    )


def _tell_of_new(
    ctx: RequestContext, proved: Proved, judged: Judged, session: Session, *, device_new: bool
) -> None:
    """Write to the user about a browser or a country that nobody signed in from before."""
    seen = judged.decided.seen
    country_new = any(it.name == _NEW_COUNTRY for it in seen.risk.contributions)
    away = _away(ctx, seen.device_seen_at, session)
    if not (device_new or country_new or away):
        return
    known = habits.find(ctx.db, proved.user.id).version or rows.find_before(ctx.db, session)
    arrival = Arrival(
        device_new=device_new,
        first_sign_in=not known,
        country=seen.place.country,
        country_new=country_new,
        network=seen.facts.network,
        decision_id=session.decision_id,
        away=away,
    )
    arrivals.tell_of_new(ctx, proved.user, arrival)


def _away(ctx: RequestContext, seen_at: datetime | None, session: Session) -> timedelta | None:
    """Return for how long the user was in none of their browsers, if that was a long time."""
    if seen_at is None or ctx.now - seen_at < arrivals.LONG_AWAY:
        return None
    known = known_devices.list_of_user(ctx.db, session.user_id)
    others = [each.last_seen_at for each in known if each.device_id != session.device_id]
    last = max([seen_at, *others])
    return ctx.now - last if ctx.now - last >= arrivals.LONG_AWAY else None
