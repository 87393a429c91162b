"""The limits of a session that stands, when they are judged anew (I5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.policy.book import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Since when a session stands, when it was used last, and until when it lasts."""

    opened_at: datetime
    last_seen_at: datetime
    idle: timedelta
    absolute_until: datetime

    @property
    def idle_until(self) -> datetime:
        """When it ends unused: activity moves that, never past the absolute limit."""
        return min(self.last_seen_at + self.idle, self.absolute_until)


def shorter(term: Term, before: Limits, now: Limits) -> Term:
    """Return the term where these limits hold besides, as far as they are shorter than before.

    What changed never lengthens a session; and what did not change has no part in it.
    """
    absolute_until = term.opened_at + now.absolute
    return Term(
        opened_at=term.opened_at,
        last_seen_at=term.last_seen_at,
        idle=min(term.idle, now.idle) if now.idle < before.idle else term.idle,
        absolute_until=min(term.absolute_until, absolute_until)
        if now.absolute < before.absolute
        else term.absolute_until,
    )


def instead(term: Term, limits: Limits, at_most: datetime | None) -> Term:
    """Return the term where these limits hold instead, because the policy is another one.

    `at_most` is the end of the sessions that it goes on from, if from any.
    """
    until = term.opened_at + limits.absolute
    return Term(
        opened_at=term.opened_at,
        last_seen_at=term.last_seen_at,
        idle=limits.idle,
        absolute_until=until if at_most is None else min(until, at_most),
    )
