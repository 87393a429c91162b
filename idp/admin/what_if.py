"""Goes through recorded decisions and counts what another policy makes of them (what-if)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, groupby

from idp.context import RequestContext
from idp.policy.book import Policy
from idp.policy.on_record import facts_of, limits_of
from idp.policy.terms import Outcome
from idp.policy.what_if import Past, Replay, Tally, Word, difference
from idp.store import users
from idp.store.decision_pages import Made, newest_draft, pages

HARDEST = 10
NO_GROUP, NO_CLIENT = "(no group)", "(no client)"
# What is worst for somebody counts first: to be turned away, to be asked for what they do not have,
# to be asked, to be signed out sooner.
_HARD = (("refusals_added", "ends_added"), ("out_of_reach",), ("prompts_added",), ("shortened",))

Then = Callable[[Made, Past], Word | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitHardest:
    """A user for whom most would be otherwise."""

    username: str
    tally: Tally


@dataclass(slots=True, kw_only=True)
class WhatIf:
    """How far another policy is from what was done, in all and by what it depends on.

    `unreadable` were decided by what this release does not know; `policies` are the versions that
    decided, with how often each did; `by` has group, client, level and moment, and the rule of the
    other policy that its outcome would be due to.
    """

    since: datetime
    until: datetime
    version: str
    overall: Tally = field(default_factory=Tally)
    by: dict[str, dict[str, Tally]] = field(default_factory=dict)
    policies: Counter[str] = field(default_factory=Counter)
    hardest: list[HitHardest] = field(default_factory=list)
    unreadable: int = 0


def simulated(
    ctx: RequestContext, policy: Policy, since: datetime, *, against: Policy | None = None
) -> WhatIf:
    """Judge what was recorded by a policy, and compare that with what was done.

    With `against`: with what that policy says of the same facts, so that a change of the policy in
    the meantime is no part of the difference.
    """
    found = WhatIf(since=since, until=ctx.now, version=policy.version)
    replay = Replay(policy)

    def then(made: Made, past: Past) -> Word:
        del made
        return replay.word(past)

    return _counted(ctx, found, then, Replay(against) if against is not None else None)


def compared(ctx: RequestContext, since: datetime, version: str | None = None) -> WhatIf | None:
    """Compare what a draft policy said beside each decision with what was done.

    Without a `version`: the draft that had its say last. None where none ever had.
    """
    wanted = version or newest_draft(ctx.db, since)
    if wanted is None:
        return None
    found = WhatIf(since=since, until=ctx.now, version=wanted)

    def then(made: Made, past: Past) -> Word | None:
        del past
        draft = made.draft or {}
        if draft.get("version") != wanted:
            return None
        return Word(
            outcome=Outcome(draft["outcome"]),
            rule=str(draft["rule"]),
            limits=limits_of(draft["limits"]),
            acr=draft["limits"].get("acr"),
        )

    return _counted(ctx, found, then, None)


def _counted(ctx: RequestContext, found: WhatIf, then: Then, against: Replay | None) -> WhatIf:
    rows = chain.from_iterable(pages(ctx.db, found.since, found.until))
    hardest: list[tuple[str, Tally]] = []
    for user_id, theirs in groupby(rows, key=lambda made: made.user_id):
        tally = _of_user(found, theirs, then, against)
        if any(_hardness(tally)):
            hardest.append((user_id, tally))
            hardest.sort(key=lambda each: _hardness(each[1]), reverse=True)
            del hardest[HARDEST:]
    found.hardest = [
        HitHardest(username=user.username, tally=tally)
        for user_id, tally in hardest
        if (user := users.find(ctx.db, user_id)) is not None
    ]
    return found


def _of_user(found: WhatIf, rows: Iterable[Made], then: Then, against: Replay | None) -> Tally:
    mine = Tally()
    for made in rows:
        try:
            past = _past(made)
            word = then(made, past)
        except (ValueError, KeyError, TypeError):
            found.unreadable += 1
            continue
        if word is None:
            continue
        if against is not None:
            past = replace(past, done=against.word(past))
        found.policies[made.policy_version] += 1
        one = difference(past, word)
        for tally in chain((mine, found.overall), _shares(found, past, word)):
            tally.add(one)
    return mine


def _past(made: Made) -> Past:
    terms = made.limits
    done = Word(
        outcome=Outcome(made.outcome),
        rule=made.rule,
        limits=limits_of(terms),
        acr=terms.get("acr"),
    )
    return Past(
        facts=facts_of(made.facts),
        score=made.score,
        opened=made.moment == "sign_in" and made.sid is not None,
        done=done,
    )


def _shares(found: WhatIf, past: Past, then: Word) -> Iterator[Tally]:
    facts = past.facts
    values = {
        "group": sorted(facts.groups) or [NO_GROUP],
        "client": [facts.client_id or NO_CLIENT],
        "level": [facts.risk.word],
        "moment": [facts.moment.value],
        "rule": [then.rule],
    }
    for name, all_of_it in values.items():
        tallies = found.by.setdefault(name, {})
        for value in all_of_it:
            yield tallies.setdefault(value, Tally())


def _hardness(tally: Tally) -> tuple[int, ...]:
    return tuple(sum(tally.counts[name] for name in names) for names in _HARD)
