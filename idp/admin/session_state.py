"""What has become of a session, as of an instant."""

from datetime import datetime

from idp.store.sessions import Past

LIVE, CHALLENGED, ENDED = "live", "challenged", "ended"


def state_of(past: Past, now: datetime) -> str:
    """Return whether it lives, lives but must be proved again, or is over."""
    if end_of(past, now) is not None:
        return ENDED
    return CHALLENGED if past.session.challenged_at is not None else LIVE


def end_of(past: Past, now: datetime) -> str | None:
    """Return why it is over; a limit ends it whether or not anybody has noted that yet (I5)."""
    if past.end_reason is not None:
        return past.end_reason
    if past.session.absolute_until <= now:
        return "absolute_timeout"
    return "idle_timeout" if past.session.idle_until <= now else None
