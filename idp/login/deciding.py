"""Judge a sign-in after each proof: by the factors that are wanted, and by the policy of sessions.

Neither looks at a password: both are asked by who has shown that one is right, so that nobody
learns from an answer whether there is an account (ASVS 5.0 §6.3.8).
"""

from dataclasses import dataclass, replace

from idp.audit import record
from idp.audit.events import SignInRefused
from idp.context import RequestContext
from idp.credentials.owned import owned
from idp.judgement import service as judgement
from idp.judgement.service import Decided
from idp.kernel.secrets import new_id
from idp.login import room, service
from idp.login.sign_in import Browser, Judged
from idp.policy.acr import acr_of, satisfies, two_steps
from idp.policy.at_sign_in import asks, refuses
from idp.policy.returning import Before, returns_with
from idp.policy.sign_in import (
    LEVEL_IS_MISSING,
    Allow,
    Enrol,
    NeedFactor,
    NoRoom,
    Refuse,
    SignInFacts,
    judge_sign_in,
)
from idp.policy.terms import AtLimit, DeviceStanding, Outcome, RiskLevel
from idp.sessions import service as sessions
from idp.sessions import turns
from idp.store import prompts
from idp.store.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """For whom somebody signs in, and what they want of it.

    `declined` says that the person put off what may be put off, `make_room` that another session
    of theirs may end for this one.
    """

    client_id: str | None = None
    wanted: tuple[str, ...] = ()
    fresh: bool = False
    by_ticket: bool = False
    declined: bool = False
    make_room: bool = False


def judge(
    ctx: RequestContext, user: User, amr: tuple[str, ...], browser: Browser, asking: Asking
) -> Judged:
    """Say what this sign-in still needs, and by what its session will live."""
    has = owned(ctx, user)
    decided = judgement.judge_sign_in(
        ctx,
        user,
        amr,
        device_id=browser.device_id,
        client_id=asking.client_id,
        second_step_owned=has.second_step,
    )
    if refuses(decided.judgement):
        return Judged(verdict=Refuse("policy_refuses"), decided=decided, amr=amr)
    challenged = browser.challenged is not None and browser.challenged.user.id == user.id
    facts = service.facts_of(
        ctx,
        user,
        amr,
        has,
        wanted=asking.wanted,
        # A copied cookie comes with its neighbours: no trusted browser answers a challenge.
        fresh=asking.fresh or challenged,
        by_ticket=asking.by_ticket,
    )
    if (returning := _returning(ctx, user, facts, browser, decided)) is not None:
        return _with_room(ctx, user, browser, asking, returning)
    verdict = judge_sign_in(_demanding(facts, decided), ctx.now)
    if isinstance(verdict, Enrol) and asking.declined and not verdict.required:
        verdict = Allow("declined")
    judged = Judged(verdict=verdict, decided=decided, amr=amr)
    return _with_room(ctx, user, browser, asking, judged)


def _demanding(facts: SignInFacts, decided: Decided) -> SignInFacts:
    """Return the facts with what the policy wants beside the client and the settings."""
    seen = decided.facts
    return replace(
        facts,
        device_trusted=seen.device is DeviceStanding.TRUSTED and not facts.fresh,
        asked=asks(decided.judgement),
        level=decided.judgement.acr,
        doubted=seen.risk is RiskLevel.HIGH,
    )


def _returning(
    ctx: RequestContext, user: User, facts: SignInFacts, browser: Browser, decided: Decided
) -> Judged | None:
    """Return what is judged of somebody who comes back to a session that only idled out.

    None where that is not so, or not enough (NIST SP 800-63B-4 §2.2.3).
    """
    if facts.fresh or browser.anybodys is not None or not decided.judgement.limits.return_within:
        return None
    past = sessions.find_past(ctx, browser.secret)
    if past is None:
        return None
    was = past.session
    before = Before(
        same_user=was.user_id == user.id,
        same_device=was.device_id is not None and was.device_id == browser.device_id,
        behind=turns.is_copy(ctx, was, browser.secret or "", browser.turn),
        amr=was.amr,
        idle_until=was.idle_until,
        absolute_until=was.absolute_until,
        challenged=was.challenged_at is not None,
        end_reason=past.end_reason,
    )
    together = returns_with(
        before,
        decided.judgement,
        device=decided.facts.device,
        shown=facts.amr,
        now=ctx.now,
    )
    held = acr_of(together or ())
    if together is None or (facts.wanted and not any(satisfies(held, it) for it in facts.wanted)):
        return None
    decided = judgement.with_level(decided, held)
    verdict = judge_sign_in(_demanding(replace(facts, amr=together), decided), ctx.now)
    if not isinstance(verdict, Allow) or asks(decided.judgement) or refuses(decided.judgement):
        return None
    return Judged(verdict=verdict, decided=decided, amr=together, resumes=was)


def _with_room(
    ctx: RequestContext, user: User, browser: Browser, asking: Asking, judged: Judged
) -> Judged:
    """Return what is judged where nothing is missing: is there room for another session?"""
    if not isinstance(judged.verdict, Allow):
        return judged
    ended = judgement.in_the_end(judged.decided, shown=two_steps(judged.amr))
    limits = ended.judgement.limits
    crowded = (
        limits.at_limit is AtLimit.REFUSE_NEW
        and not asking.make_room
        and browser.session_of(user.id) is None
        and bool(room.in_the_way(ctx, user.id, limits))
    )
    verdict = NoRoom("session_limit") if crowded else judged.verdict
    return replace(judged, verdict=verdict, decided=ended)


def note_prompt(ctx: RequestContext, judged: Judged, attempt: str, browser_hash: bytes) -> None:
    """Write down that the policy asks for a step, before it is known whether anybody shows one.

    What is asked of everybody who owns a second step is no doubt of the policy's, and no decision.
    A password that is sent twice, or typed again, is one prompt: the newer one.
    """
    decided = judged.decided
    if not (isinstance(judged.verdict, NeedFactor) and asks(decided.judgement)):
        return
    # The right proof holds the user's row: of two at once, the later finds what the other wrote.
    judgement.record_so_far(ctx, decided, attempt)
    prompts.remove_repeated(ctx.db, decided.user_id, browser_hash, ctx.now, but=attempt)


def note_answer(ctx: RequestContext, judged: Judged, browser_hash: bytes) -> None:
    """Forget prompts that were left in this browser by who got in here another way."""
    if asks(judged.decided.judgement):
        prompts.remove_repeated(ctx.db, judged.decided.user_id, browser_hash, ctx.now)


def refuse(ctx: RequestContext, judged: Judged, attempt: str | None) -> None:
    """Write down that nobody was let in, by which rule."""
    said = judged.decided.judgement
    # What is missing can be asked for by another rule than what the level would let in.
    rule = said.acr_by if judged.verdict.rule == LEVEL_IS_MISSING else said.rule
    said = replace(said, outcome=Outcome.REFUSE, rule=rule)
    decided = replace(judged.decided, judgement=said)
    decision_id = attempt or new_id()
    judgement.record_so_far(ctx, decided, decision_id)
    record(
        ctx,
        SignInRefused(
            user_id=decided.user_id,
            client_id=decided.facts.client_id,
            level=decided.facts.risk.word,
            rule=said.rule,
            decision_id=decision_id,
        ),
    )
