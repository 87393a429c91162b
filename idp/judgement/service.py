"""Judge what was seen by the policy in force, and write down what was decided and why.

A decision is one row: what was seen, how unlike the user it looks, which rule of which policy said
what, and what a draft policy would have said.
"""

from dataclasses import asdict, dataclass, replace

from idp.context import RequestContext
from idp.judgement import facts as gathered
from idp.judgement import habits
from idp.judgement.facts import Seen
from idp.judgement.policies import Policies
from idp.kernel.secrets import new_id
from idp.policy.acr import acr_of
from idp.policy.at_sign_in import settled
from idp.policy.book import Judgement, Policy
from idp.policy.facts import Facts
from idp.policy.judge import judge, level_of
from idp.policy.on_record import draft_as_json, facts_as_json, terms_as_json
from idp.policy.risk.habits import teaches
from idp.store import decisions, prompts
from idp.store.decisions import ME, Recorded
from idp.store.users import User

_CONTRIBUTIONS_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was seen of a user's request, and what the policy says of it.

    `draft` is the policy that is tried out beside the one in force, and what it would have said.
    """

    user_id: str
    device_id: str | None
    seen: Seen
    policy: Policy
    judgement: Judgement
    draft: tuple[Policy, Judgement] | None = None

    @property
    def facts(self) -> Facts:
        """What the rules looked at."""
        return self.seen.facts


def judge_sign_in(
    ctx: RequestContext,
    user: User,
    amr: tuple[str, ...],
    *,
    device_id: str | None,
    client_id: str | None,
    second_step_owned: bool,
) -> Decided:
    """Say what the policy makes of a sign-in by what was shown so far.

    How unlike its user it looks is asked of the first proof: a second step answers a doubt, and
    does not unmake it.
    """
    first = ("pwd",) if "pwd" in amr else amr
    seen = gathered.at_sign_in(
        ctx,
        user,
        device_id=device_id,
        client_id=client_id,
        acr=acr_of(first),
        second_step_owned=second_step_owned,
    )
    shown = replace(seen, facts=replace(seen.facts, acr=acr_of(amr)))
    return decide(ctx, user.id, shown, device_id=device_id)


def decide(ctx: RequestContext, user_id: str, seen: Seen, *, device_id: str | None) -> Decided:
    """Judge what was seen by the policy in force, and by the draft where there is one."""
    policies = ctx.house.get(Policies)
    policy, draft = policies.current(ctx.now), policies.draft(ctx.now)
    return Decided(
        user_id=user_id,
        device_id=device_id,
        seen=seen,
        policy=policy,
        judgement=judge(policy, seen.facts),
        draft=(draft, judge(draft, _as_seen_by(draft, seen))) if draft is not None else None,
    )


def _as_seen_by(draft: Policy, seen: Seen) -> Facts:
    """Return the facts with the risk level of a policy that has its own thresholds."""
    return replace(seen.facts, risk=level_of(draft, seen.risk.score))


def with_level(decided: Decided, acr: str) -> Decided:
    """Return what is decided where this level counts as shown."""
    seen = replace(decided.seen, facts=replace(decided.facts, acr=acr))
    draft = decided.draft[0] if decided.draft else None
    return replace(
        decided,
        seen=seen,
        judgement=judge(decided.policy, seen.facts),
        draft=(draft, judge(draft, _as_seen_by(draft, seen))) if draft is not None else None,
    )


def in_the_end(decided: Decided, *, shown: bool) -> Decided:
    """Return what the sign-in ends by; `shown` says that a second step was shown in it.

    What the draft asked for nobody was asked: who owns a second step would have shown it.
    """
    policy, draft = decided.policy, decided.draft
    able = shown or decided.facts.second_step_owned
    return replace(
        decided,
        judgement=settled(decided.judgement, policy.defaults, shown=shown),
        draft=(draft[0], settled(draft[1], draft[0].defaults, shown=able)) if draft else None,
    )


def record(ctx: RequestContext, decided: Decided, *, sid: str) -> str:
    """Write down a decision about a session, in the transaction of what it decided; return its id.

    What is decided at a sign-in is written by `record_so_far` and `record_success`.
    """
    decision = _as_row(ctx, decided, new_id(), sid=sid)
    decisions.add(ctx.db, decision)
    return decision.id


def record_so_far(ctx: RequestContext, decided: Decided, decision_id: str) -> None:
    """Write down that a sign-in is asked for more, or is refused: nobody is in, nothing is learned.

    A half-done sign-in is one decision, whose id is its own: asked twice, or refused after it was
    asked, it is the same row that says where it stands.
    """
    prompts.write(ctx.db, _as_row(ctx, decided, decision_id, sid=None))


def _as_row(
    ctx: RequestContext,
    decided: Decided,
    decision_id: str,
    *,
    sid: str | None,
    device_id: str | None = None,
    teaching: float = 0.0,
) -> Recorded:
    """Return the row of a decision.

    `device_id` is the credential that the browser has by now; `teaching` is how much the habits of
    all users may learn from it later.
    """
    judgement, facts, seen = decided.judgement, decided.facts, decided.seen
    return Recorded(
        id=decision_id,
        at=ctx.now,
        moment=facts.moment.value,
        outcome=judgement.outcome.value,
        rule=judgement.rule,
        policy_version=judgement.version,
        level=facts.risk.word,
        score=seen.risk.score,
        user_id=decided.user_id,
        sid=sid,
        client_id=facts.client_id,
        device_id=device_id or decided.device_id,
        address=ctx.origin.address,
        user_agent=ctx.origin.user_agent,
        reference=ctx.reference,
        facts=facts_as_json(facts),
        limits=terms_as_json(judgement),
        contributions=[asdict(it) for it in seen.risk.contributions[:_CONTRIBUTIONS_KEPT]],
        features=seen.features.values(),
        draft=_draft_as_json(decided),
        teaches=teaching,
    )


def _draft_as_json(decided: Decided) -> dict[str, object] | None:
    if decided.draft is None:
        return None
    policy, judgement = decided.draft
    return draft_as_json(judgement, _as_seen_by(policy, decided.seen).risk)


def record_success(
    ctx: RequestContext, decided: Decided, *, sid: str, decision_id: str, device_id: str
) -> bool:
    """Write down a sign-in that opened or proved a session, and learn from it what its risk lets.

    What looks least like the user teaches nothing until they say that it was them. Where the
    sign-in was asked for more, the row of that prompt says from now on what came of it. False, and
    nothing happened, when that row has come to an end before.
    """
    weight = teaches(decided.facts.risk, decided.facts.acr)
    row = _as_row(ctx, decided, decision_id, sid=sid, device_id=device_id, teaching=weight)
    written = prompts.write(ctx.db, row)
    if weight and written and written[0] != ME:
        habits.learn(ctx, decided.user_id, decided.seen.features, weight)
    return bool(written)
