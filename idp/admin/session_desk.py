"""What operators do with sessions: see one with what hangs on it, and end some, with a reason."""

from dataclasses import dataclass

from idp.admin.selection import LONGEST_REASON, printable
from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.sessions import service as sessions
from idp.store import decisions, known_devices, session_listing, users
from idp.store import sessions as session_rows
from idp.store.decisions import Recorded
from idp.store.grants import Grant
from idp.store.known_devices import KnownDevice
from idp.store.session_listing import Told
from idp.store.sessions import Past
from idp.store.users import User
from idp.web.end_words import BY_ADMIN


class NoSuchSession(IdpError):
    """There is no session of this id: never made, or removed because it was over for long."""

    public = "There is no session of this id; what is over is kept for IDP_HISTORY_KEPT_FOR."
    status = 404


class ReasonRefused(IdpError):
    """The people concerned can read the reason, so it is readable (ASVS 5.0 §16.2.1)."""

    public = f"A reason is needed: 1 to {LONGEST_REASON} printable characters."
    status = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One session: whose, where, until when and why, and what hangs on it."""

    past: Past
    user: User
    device: KnownDevice | None
    decisions: tuple[Recorded, ...]
    grants: tuple[Grant, ...]
    told: tuple[Told, ...]


def story_of(ctx: RequestContext, sid: str) -> Story:
    """Return everything that is known of a session, over or not; nothing is noted.

    Raises:
        NoSuchSession: nothing is.
    """
    past = session_rows.find(ctx.db, sid)
    user = users.find(ctx.db, past.session.user_id) if past is not None else None
    if past is None or user is None:
        raise NoSuchSession(sid)
    device_id = past.session.device_id
    return Story(
        past=past,
        user=user,
        device=known_devices.find(ctx.db, device_id, user.id) if device_id is not None else None,
        decisions=tuple(decisions.list_of_session(ctx.db, sid)),
        grants=tuple(session_listing.grants_of_session(ctx.db, sid)),
        told=tuple(session_listing.told_of_session(ctx.db, sid)),
    )


def end(ctx: RequestContext, sid: str, reason: str) -> bool:
    """End a session (ASVS 5.0 §7.4.5); False when it was over already.

    Raises:
        NoSuchSession: there is none.
        ReasonRefused: nobody could read why.
    """
    because = _because(reason)
    if session_rows.find(ctx.db, sid) is None:
        raise NoSuchSession(sid)
    return sessions.end(ctx, sid, because=because)


def end_all(ctx: RequestContext, user: User, reason: str) -> int:
    """End every session of a user (ASVS 5.0 §7.4.5); return how many this call ended.

    Raises:
        ReasonRefused: nobody could read why.
    """
    because = _because(reason)
    # Sign-ins of the user queue here: one that is just being finished is not overlooked.
    users.hold(ctx.db, user.id)
    return sessions.end_all_of_user(ctx, user.id, because=because)


def _because(reason: str) -> str:
    if not printable(reason, LONGEST_REASON):
        raise ReasonRefused
    return BY_ADMIN + reason.strip()
