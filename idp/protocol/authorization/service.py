"""Carry an authorization request through: begin, resume, ask, answer."""

from dataclasses import dataclass
from typing import Any

from idp.context import RequestContext
from idp.credentials.owned import bindable, owned
from idp.kernel.secrets import new_id
from idp.policy.factors import Bindable, reachable, steps_to
from idp.policy.sign_in import NeedFactor, SignInFacts, judge_sign_in
from idp.policy.terms import Moment, Outcome
from idp.presence import service as presence
from idp.presence.service import Presence
from idp.presence.shown import Shown
from idp.protocol import scopes
from idp.protocol.authorization.flow import (
    Demands,
    Done,
    Issue,
    Login,
    Policed,
    SignedIn,
    Situation,
    Step,
    StepUp,
    next_step,
    worth_asking,
)
from idp.protocol.authorization.request import AuthorizationRequest
from idp.protocol.grants import service as grants
from idp.protocol.vocabulary import PARAMETERS
from idp.settings import SecondFactor
from idp.store import authorization_requests
from idp.store.grants import Grant
from idp.store.sessions import Standing
from idp.web.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Judged:
    """What comes next, and for whom; `rule` is the policy's, where one wants it."""

    step: Step
    standing: Standing | None
    rule: str = ""


def judge(ctx: RequestContext, request: AuthorizationRequest, shown: Shown, done: Done) -> Judged:
    """Say what comes next for a request in this browser."""
    here = presence.attend(ctx, shown, Moment.AUTHORIZE, client_id=request.client.client_id)
    standing, policed = here.standing, _policed(here)
    demands = Demands(
        prompt=request.prompt,
        max_age=request.max_age,
        acr=request.acr,
        subject=request.subject,
    )
    situation = Situation(
        demands=demands,
        session=_signed_in(ctx, demands, done, standing, policed) if standing else None,
        done=done,
        consent_missing=standing is not None and consent_missing(request, standing),
        now=ctx.now,
        policy=policed,
    )
    step = next_step(situation)
    # Whom a challenge is put to is named on the page that puts it.
    return Judged(step, standing or here.challenged, _rule_behind(step, here))


def _rule_behind(step: Step, here: Presence) -> str:
    """Return which rule of the policy wants what comes next, if one does."""
    wanted = here.wanted
    if (over := here.refused or here.ended) is not None:
        return over
    if here.challenged is not None:
        return here.challenged.session.challenge or ""
    match step:
        case Login(reason="policy_wants_recent"):
            return wanted.max_age_by
        case StepUp(reason="policy_wants_more"):
            return wanted.acr_by or wanted.rule
        case _:
            return wanted.rule


def _policed(here: Presence) -> Policed:
    """Return what the policy makes of the request, in the words of the flow."""
    stopped = "session_challenged" if here.challenged is not None else None
    if here.ended is not None:
        stopped = "session_ended"
    return Policed(
        stopped=stopped,
        refused=here.refused is not None,
        again=here.wanted.outcome is Outcome.ASK_AGAIN,
        step=here.wanted.outcome is Outcome.ASK_FACTOR,
        acr=here.wanted.acr,
        max_age=here.wanted.max_age,
    )


def _signed_in(
    ctx: RequestContext, demands: Demands, done: Done, standing: Standing, policed: Policed
) -> SignedIn:
    session = standing.session
    # What the user has is looked up only where it matters: it is a statement.
    asking = (
        policed.step
        or policed.acr is not None
        or worth_asking(demands, done, session.sid, session.acr)
    )
    return SignedIn(
        sid=session.sid,
        user_id=session.user_id,
        authenticated_at=session.authenticated_at,
        acr=session.acr,
        reachable_acr=_reachable(ctx, demands, standing, policed) if asking else (),
        step_missing=demands.max_age is not None and _step_missing(ctx, standing),
    )


def _step_missing(ctx: RequestContext, standing: Standing) -> bool:
    """Tell whether a trusted browser stood in for what a fresh sign-in would ask for."""
    user, amr = standing.user, standing.session.amr
    facts = SignInFacts(
        amr=amr,
        owned=owned(ctx, user),
        second_factor=ctx.settings.second_factor_for(user.groups),
        fresh=True,
    )
    missing = isinstance(judge_sign_in(facts, ctx.now), NeedFactor)
    return missing and bool(steps_to("mfa", amr, facts.owned))


def _reachable(
    ctx: RequestContext, demands: Demands, standing: Standing, policed: Policed
) -> tuple[str, ...]:
    """Return the levels that this user could show next.

    A factor is set up only for what must be met, and not where the operator wants none; whose
    factors an operator took away sets up new ones by ticket alone.
    """
    session, user = standing.session, standing.user
    off = ctx.settings.second_factor_for(user.groups) is SecondFactor.OFF
    wish = demands.acr.allowed_by(session.acr) and policed.acr is None
    may_bind: tuple[Bindable, ...] = ()
    if not wish and not off and user.factors_reset_at is None:
        may_bind = bindable(ctx)
    return reachable(session.amr, owned(ctx, user), may_bind)


def consent_missing(request: AuthorizationRequest, standing: Standing) -> bool:
    """Tell whether the client asks for more than the user has let it have."""
    if request.client.metadata.first_party:
        return False
    covered = {*standing.claims, *scopes.claims_of(standing.scope)}
    return not (set(request.scope) <= standing.scope and set(request.claims.names) <= covered)


def keep(ctx: RequestContext, raw: Parameters) -> str:
    """Keep a request while people are asked; return its id."""
    request_id = new_id()
    known = {name: value for name, value in raw.values.items() if name in PARAMETERS}
    authorization_requests.add(
        ctx.db, request_id, known, ctx.now, ctx.settings.authorization_lifetime
    )
    return request_id


def kept(ctx: RequestContext, request_id: str) -> Parameters | None:
    """Return a kept request that is still open."""
    values = authorization_requests.find(ctx.db, request_id, ctx.now)
    return Parameters(values) if values is not None else None


def close(ctx: RequestContext, request_id: str) -> bool:
    """Mark a kept request as answered; True for the one call that may answer it."""
    return authorization_requests.consume(ctx.db, request_id, ctx.now)


def _said(request: AuthorizationRequest) -> dict[str, Any]:
    """Return what the grant keeps of the request's own words."""
    said: dict[str, Any] = {
        "userinfo": list(request.claims.userinfo),
        "id_token": list(request.claims.id_token),
        "acr_values": list(request.acr.words),
    }
    return said | ({"max_age": request.max_age} if request.own_max_age else {})


def issue_code(ctx: RequestContext, request: AuthorizationRequest, standing: Standing) -> str:
    """Open a grant and return its code (OIDC Core §3.1.2.5)."""
    session = standing.session
    code_until = ctx.now + ctx.settings.code_lifetime
    grant = Grant(
        id=grants.new_grant_id(),
        client_id=request.client.client_id,
        user_id=session.user_id,
        sid=session.sid,
        scope=request.scope,
        resource=request.resource,
        # What gets here was agreed to, now or before, or needs no agreement (OIDC Core §11).
        offline="offline_access" in request.scope,
        claims=_said(request),
        consented=not request.client.metadata.first_party,
        redirect_uri=request.address.redirect_uri,
        code_challenge=request.code_challenge,
        dpop_jkt=request.dpop_jkt,
        nonce=request.nonce,
        auth_time=session.authenticated_at,
        acr=session.acr,
        amr=session.amr,
        opened_at=ctx.now,
        code_expires_at=code_until,
        idle_until=code_until,
        absolute_until=code_until,
    )
    return grants.open_grant(ctx, grant, standing.secret_hash)


__all__ = ["Issue", "Judged", "close", "consent_missing", "issue_code", "judge", "keep", "kept"]
