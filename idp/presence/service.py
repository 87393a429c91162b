"""Each request in a session: goes on, is asked to prove it anew, is refused, or ends it.

Two that come at once from two places are one after the other here: each is judged by what the
other left, and what was proved meanwhile is not undone (I4, I6).
"""

from dataclasses import dataclass, replace

from idp.context import RequestContext
from idp.credentials import devices
from idp.credentials.owned import owned
from idp.judgement import in_session
from idp.judgement.in_session import Rejudged, Visit
from idp.judgement.service import record as record_decision
from idp.kernel.errors import Unavailable
from idp.policy.in_session import HARMLESS, NOTHING, Wanted
from idp.policy.terms import Change, Moment, Outcome
from idp.policy.turns import Held, is_behind
from idp.presence import acts
from idp.presence.shown import Shown, give_turn
from idp.presence.told import is_news, tell_owner
from idp.sessions import judged as judged_sessions
from idp.sessions import service as sessions
from idp.sessions import turns
from idp.store.sessions import Session, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who is there, and whether they may go on.

    Attributes:
        standing: the session, good for this request; None where there is none.
        challenged: the session, where it has to be proved anew first.
        refused: the rule that lets nothing happen from here.
        ended: the rule that ended the session just now.
        wanted: what the policy wants of this request.
    """

    standing: Standing | None = None
    challenged: Standing | None = None
    refused: str | None = None
    ended: str | None = None
    wanted: Wanted = NOTHING


NOBODY = Presence()


def attend(
    ctx: RequestContext, shown: Shown, moment: Moment, *, client_id: str | None = None
) -> Presence:
    """Return who stands before us, and do to the session what has to be done.

    Raises:
        Unavailable: too many others changed it meanwhile.
    """
    for _ in range(acts.TRIES):
        standing = sessions.find_standing(ctx, shown.secret, client_id=client_id or "")
        if standing is None:
            return NOBODY
        if standing.session.challenged_at is not None:
            return Presence(challenged=standing)
        held = turns.read(ctx, standing.session, shown.secret or "", shown.turn)
        visit = Visit(
            moment=moment,
            client_id=client_id,
            device_id=shown.device_id,
            behind=is_behind(turns.turn_of(standing.session), held),
        )
        presence = _judged(ctx, standing, visit)
        if presence is None:
            continue
        if presence.standing is not None:
            _note(ctx, presence.standing, shown, held)
        return presence
    raise Unavailable("a session is changed by too many requests at once")


def _note(ctx: RequestContext, standing: Standing, shown: Shown, held: Held) -> None:
    """Note that the session was used, and let its cookies take their turn."""
    sessions.note_activity(ctx, standing.session)
    following = turns.take(ctx, standing, shown.secret or "", held)
    if following is not None:
        give_turn(ctx, following)


def _judged(ctx: RequestContext, standing: Standing, visit: Visit) -> Presence | None:
    """Return what the policy makes of this request; None where another request was faster."""
    if not in_session.stirs(ctx, standing.session, visit):
        return Presence(standing=standing)
    judged = in_session.look(
        ctx,
        standing.session,
        standing.user,
        visit,
        second_step_owned=owned(ctx, standing.user).second_step,
    )
    return _done(ctx, standing, judged)


def _done(ctx: RequestContext, standing: Standing, judged: Rejudged) -> Presence | None:
    """Return what came of it; None where another request was faster."""
    if Outcome.END in (judged.outcome, judged.wanted.outcome):
        return _end(ctx, standing, judged)
    if Outcome.REFUSE in (judged.outcome, judged.wanted.outcome):
        return _refuse(ctx, standing, judged)
    if judged.outcome in (Outcome.ASK_FACTOR, Outcome.ASK_AGAIN):
        return _challenge(ctx, standing, judged)
    return _go_on(ctx, standing, judged)


def _end(ctx: RequestContext, standing: Standing, judged: Rejudged) -> Presence | None:
    session = standing.session
    rule = judged.rule if judged.outcome is Outcome.END else judged.wanted.rule
    if not acts.end(ctx, session, standing.secret_hash, judged.after, rule):
        return None
    _record(ctx, judged, session.sid)
    _distrust(ctx, session, judged)
    tell_owner(ctx, standing.user, judged.changes, ended=True)
    return Presence(ended=rule)


def _refuse(ctx: RequestContext, standing: Standing, judged: Rejudged) -> Presence:
    """Let nothing happen; nothing is written of it, so that back at home all is as it was."""
    rule = judged.rule if judged.outcome is Outcome.REFUSE else judged.wanted.rule
    if is_news(ctx, standing.session.sid, rule):
        _record(ctx, judged, standing.session.sid)
    return Presence(refused=rule)


def _challenge(ctx: RequestContext, standing: Standing, judged: Rejudged) -> Presence | None:
    asked = replace(judged.after, challenge=judged.rule)
    read, secret_hash = standing.session, standing.secret_hash
    if not judged_sessions.challenge(ctx, read, secret_hash, asked, changes=judged.changes):
        return None
    _record(ctx, judged, standing.session.sid)
    _distrust(ctx, standing.session, judged)
    tell_owner(ctx, standing.user, judged.changes, ended=False)
    session = replace(asked, challenged_at=ctx.now)
    return Presence(challenged=replace(standing, session=session))


def _distrust(ctx: RequestContext, session: Session, judged: Rejudged) -> None:
    """Let the browser's credential stand for no second step where it seems to have been copied.

    It was copied together with the session, and would else do for a thief who leaves that out.
    """
    copied = not judged.changes <= HARMLESS and Change.DEVICE not in judged.changes
    if copied and session.device_id is not None:
        devices.distrust(ctx, session.device_id, session.user_id, because="maybe_copied")


def _go_on(ctx: RequestContext, standing: Standing, judged: Rejudged) -> Presence | None:
    after = judged.after
    if after != standing.session:
        read, secret_hash = standing.session, standing.secret_hash
        if not judged_sessions.settle(ctx, read, secret_hash, after, rule=after.limited_by):
            return None
        standing = replace(standing, session=after)
    if judged.telling:
        _record(ctx, judged, after.sid)
    if ctx.now >= min(after.idle_until, after.absolute_until):
        return Presence(ended=judged.rule)
    return Presence(standing=standing, wanted=judged.wanted)


def _record(ctx: RequestContext, judged: Rejudged, sid: str) -> str:
    return record_decision(ctx, judged.as_decided(), sid=sid)
