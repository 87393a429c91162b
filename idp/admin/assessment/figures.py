"""What the assessment looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from idp.admin.insight import Alarms, alarms_of
from idp.context import RequestContext
from idp.judgement.policies import Policies
from idp.policy.book import Policy
from idp.policy.presets import AAL2_ABSOLUTE, AAL2_IDLE
from idp.protocol.clients.metadata import Client, client_of
from idp.settings import Settings
from idp.store import clients
from idp.store.insight import decided, lives, people
from idp.store.insight.lives import Crowd, TooLong
from idp.store.insight.people import SharedBrowser, Strength

SHARED_BY, UNUSED_FOR, CROWDED_BY = 5, timedelta(days=30), 10
# The worker looks every few minutes.
UNENDED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that the checks look at; `since` is when what happened is counted from."""

    now: datetime
    since: datetime
    settings: Settings
    policy: Policy
    draft: Policy | None = None
    too_long: TooLong
    prompts_per_week: Mapping[int, int]
    alarms: Alarms
    strengths: tuple[Strength, ...] = ()
    shared: tuple[SharedBrowser, ...] = ()
    trusted_unused: int = 0
    high_let_in: int = 0
    unended: int = 0
    crowd: Crowd = field(default_factory=Crowd)
    clients: tuple[Client, ...] = ()


def figures(ctx: RequestContext, since: datetime) -> Figures:
    """Return them as they are now."""
    db, now, policies = ctx.db, ctx.now, ctx.house.get(Policies)
    idle, absolute = (each.total_seconds() for each in (AAL2_IDLE, AAL2_ABSOLUTE))
    return Figures(
        now=now,
        since=since,
        settings=ctx.settings,
        policy=policies.current(now),
        draft=policies.draft(now),
        too_long=lives.too_long(db, now, idle=idle, absolute=absolute),
        strengths=tuple(people.strengths(db)),
        shared=tuple(people.shared_browsers(db, now, more_than=SHARED_BY)),
        trusted_unused=people.trusted_unused(db, now, since=now - UNUSED_FOR),
        high_let_in=decided.high_without_second_step(db, since),
        prompts_per_week=decided.prompts_per_week(db, since),
        alarms=alarms_of(decided.answers(db, since)),
        unended=lives.over_without_record(db, now - UNENDED_AFTER),
        crowd=lives.crowd(db, now, more_than=CROWDED_BY),
        clients=tuple(client_of(row) for row in clients.list_all(db)),
    )
