"""A session that stands is judged again where something about it is not as it was judged last.

Where it is seen from the same address by the same browser, and neither the policy nor a rule for
this very request is another, nothing is looked up and nothing is written: that is nearly always.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from idp.context import Origin, RequestContext
from idp.judgement import facts as gathered
from idp.judgement.policies import Policies
from idp.judgement.service import Decided, decide
from idp.judgement.view import by_nobody
from idp.policy.acr import two_steps
from idp.policy.at_sign_in import settled, shortened
from idp.policy.book import DEFAULTS, Judgement, Policy
from idp.policy.facts import Facts
from idp.policy.in_session import (
    ADDRESS,
    NOTHING,
    Proof,
    Wanted,
    after_a_change,
    as_at_sign_in,
    as_before,
    as_let_in,
    calmed,
    speaks_at,
    under_another_policy,
    wanted_of_request,
)
from idp.policy.judge import judge
from idp.policy.on_record import facts_of, limits_of
from idp.policy.session_terms import Term, instead, shorter
from idp.policy.terms import Change, Moment, Outcome, RiskLevel
from idp.store import decisions
from idp.store.decisions import Recorded
from idp.store.sessions import Session
from idp.store.users import User
from idp.surroundings.networks import Networks

_SECOND = timedelta(seconds=1)
NO_ORIGIN = Origin(address="", user_agent="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request in a session: for what, for which client, with which device credential.

    It is `behind` where its cookies are older than those that were shown before.
    """

    moment: Moment
    client_id: str | None = None
    device_id: str | None = None
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """What is to happen to a session, and what it is from then on.

    `decided` is worth a record where `telling`; `wanted` is for this request alone.
    """

    outcome: Outcome
    rule: str
    after: Session
    decided: Decided
    telling: bool
    wanted: Wanted = NOTHING

    @property
    def changes(self) -> frozenset[Change]:
        """What had changed."""
        return self.decided.facts.changes

    def as_decided(self) -> Decided:
        """Return what is recorded: what came of it, not what was said to what is let stand."""
        said, wanted = self.decided.judgement, self.wanted
        outcome, rule = self.outcome, self.rule
        if wanted.outcome.severity > outcome.severity:
            outcome, rule = wanted.outcome, wanted.rule
        return replace(self.decided, judgement=replace(said, outcome=outcome, rule=rule))


def stirs(ctx: RequestContext, session: Session, visit: Visit) -> bool:
    """Tell whether there is anything to judge; it takes no statement to say that there is not."""
    policy = ctx.house.get(Policies).current(ctx.now)
    return _differs(ctx, session, visit, policy) or speaks_at(policy, visit.moment, visit.client_id)


def look(
    ctx: RequestContext,
    session: Session,
    user: User,
    visit: Visit,
    *,
    second_step_owned: bool,
) -> Rejudged:
    """Judge a session anew, and this request in it."""
    policy = ctx.house.get(Policies).current(ctx.now)
    seen = gathered.in_session(
        ctx,
        session,
        user,
        moment=visit.moment,
        client_id=visit.client_id,
        device_id=visit.device_id,
        second_step_owned=second_step_owned,
        behind=visit.behind,
    )
    known = RiskLevel[session.risk.upper()]
    seen = replace(seen, facts=calmed(seen.facts, known))
    decided = decide(ctx, user.id, seen, device_id=visit.device_id)
    facts, now = seen.facts, decided.judgement
    quiet = as_before(facts, known, _where_it_was(ctx, session, facts))
    before = judge(decided.policy, quiet)
    proof = Proof(amr=session.amr, acr=session.acr, more_owned=facts.second_step_owned)
    outcome, rule = after_a_change(before, now, facts.changes, proof), now.rule
    if session.policy_version != policy.version:
        opening = decisions.find(ctx.db, session.decision_id) if session.decision_id else None
        opened = judge(policy, as_opened(session, opening, quiet))
        by_policy = under_another_policy(opened, proof)
        if by_policy.severity > outcome.severity:
            outcome, rule = by_policy, opened.rule
        ended = settled(opened, policy.defaults, shown=two_steps(session.amr))
        term = instead(_term(session), ended.limits, _at_most(session, opening))
        limited_by = shortened(ended, policy.defaults) or ""
    else:
        term, limited_by = _term(session), session.limited_by
    bounded = shorter(term, before.limits, now.limits)
    if facts.changes and facts.changes <= ADDRESS and _is_over(bounded, ctx.now):
        # A new address asks at the most.
        outcome, rule, bounded = Outcome.ASK_AGAIN, now.rule, term
    wanted = NOTHING
    if speaks_at(policy, visit.moment, visit.client_id):
        signed_in = judge(policy, as_let_in(facts, session.client_id))
        wanted = wanted_of_request(policy, signed_in, now, facts, proof)
        ended_at_home = before.outcome is Outcome.END
        if wanted.outcome is Outcome.END and not ended_at_home and facts.changes <= ADDRESS:
            wanted = replace(wanted, outcome=Outcome.ASK_AGAIN)
        bounded = shorter(bounded, signed_in.limits, now.limits)
    if bounded != term:
        limited_by = shortened(now, policy.defaults) or limited_by
    judged = replace(
        _with(session, bounded, limited_by), risk=facts.risk.word, policy_version=policy.version
    )
    # Whom the policy lets go on without the credential goes on without it.
    if Change.DEVICE in facts.changes:
        judged = replace(judged, device_id=visit.device_id)
    after = _moved(ctx, judged) if _in_person(ctx, visit) else judged
    changed = (after.idle_seconds, after.absolute_until) != (
        session.idle_seconds,
        session.absolute_until,
    )
    sooner = (
        after.idle_seconds < session.idle_seconds or after.absolute_until < session.absolute_until
    )
    if outcome is Outcome.ALLOW and sooner:
        outcome, rule = Outcome.SHORTEN, limited_by or DEFAULTS
    return Rejudged(
        outcome=outcome,
        rule=rule,
        after=after,
        decided=decided,
        telling=changed or outcome is not Outcome.ALLOW,
        wanted=wanted,
    )


def at_account(ctx: RequestContext, session: Session, user: User) -> Judgement:
    """Return what the policy says of acts at the account pages; where the user is was judged."""
    seen = gathered.in_session(
        replace(ctx, origin=NO_ORIGIN),
        session,
        user,
        moment=Moment.ACCOUNT,
        client_id=None,
        device_id=session.device_id,
    )
    return judge(ctx.house.get(Policies).current(ctx.now), seen.facts)


def _in_person(ctx: RequestContext, visit: Visit) -> bool:
    """Tell whether it is the user's browser that asks: no client for it, and no job of ours."""
    return visit.moment is not Moment.REFRESH and not by_nobody(ctx)


def _differs(ctx: RequestContext, session: Session, visit: Visit, policy: Policy) -> bool:
    if session.policy_version != policy.version:
        return True
    return _in_person(ctx, visit) and (
        visit.behind
        or session.seen_address != ctx.origin.address
        or session.seen_user_agent != ctx.origin.user_agent
        or session.device_id not in (None, visit.device_id)
    )


def _where_it_was(ctx: RequestContext, session: Session, facts: Facts) -> Facts:
    place = ctx.house.get(Networks).place_of(session.seen_address)
    return replace(
        facts,
        network=place.network,
        prefix=place.prefix,
        country=place.country,
        hosting=place.hosting,
        tor=place.tor,
    )


def _term(session: Session) -> Term:
    return Term(
        opened_at=session.opened_at,
        last_seen_at=session.last_seen_at,
        idle=timedelta(seconds=session.idle_seconds),
        absolute_until=session.absolute_until,
    )


def _is_over(term: Term, now: datetime) -> bool:
    return now >= min(term.idle_until, term.absolute_until)


def as_opened(session: Session, opening: Recorded | None, quiet: Facts) -> Facts:
    """Return the facts that the session opened by, with what it has shown and risked since.

    A browser that was new then is known by now, which is no reason to let it stay longer.
    """
    facts = as_at_sign_in(quiet, session.client_id)
    try:
        kept = facts_of(opening.facts) if opening is not None else facts
    except (ValueError, KeyError, TypeError):
        kept = facts
    return replace(
        kept,
        moment=Moment.SIGN_IN,
        groups=facts.groups,
        acr=session.acr,
        risk=max(kept.risk, facts.risk),
        second_step_owned=facts.second_step_owned,
        proof_age=facts.proof_age,
    )


def _at_most(session: Session, opening: Recorded | None) -> datetime | None:
    """Return the end that no policy puts off: that of the sessions which this one goes on from.

    Of a session whose opening is on no record nothing is known but when it was to end.
    """
    given = limits_of(opening.limits) if opening is not None else None
    if given is None or session.absolute_until < session.opened_at + given.absolute - _SECOND:
        return session.absolute_until
    return None


def _with(session: Session, term: Term, limited_by: str) -> Session:
    return replace(
        session,
        idle_seconds=int(term.idle.total_seconds()),
        idle_until=term.idle_until,
        absolute_until=term.absolute_until,
        limited_by=limited_by,
    )


def _moved(ctx: RequestContext, session: Session) -> Session:
    """Return the session as it is seen from here, and where it was before, if elsewhere."""
    address, user_agent = ctx.origin.address, ctx.origin.user_agent
    if (address, user_agent) == (session.seen_address, session.seen_user_agent):
        return session
    return replace(
        session,
        seen_address=address,
        seen_user_agent=user_agent,
        seen_at=ctx.now,
        before_address=session.seen_address,
        before_user_agent=session.seen_user_agent,
    )
