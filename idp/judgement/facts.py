"""What is known of a request: who, where, with what, when; what changed; how unlike its user it is.

Gathered for the policy at a sign-in, and again in a session when something about it changed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.context import RequestContext
from idp.judgement import view as views
from idp.judgement.failures import failures_near
from idp.judgement.habits import usual
from idp.judgement.policies import Policies
from idp.judgement.view import View
from idp.policy.changes import changes_between, too_fast
from idp.policy.facts import Facts, Risk
from idp.policy.risk import Features, Signals, score
from idp.policy.risk.signals import TIME_TO_OBJECT
from idp.policy.terms import Change, DeviceStanding, Moment, RiskLevel
from idp.store import sessions
from idp.store.known_devices import KnownDevice
from idp.store.sessions import Session
from idp.store.users import User
from idp.surroundings.agents import Agent, agent_of
from idp.surroundings.networks import Place

_NO_CHANGES: frozenset[Change] = frozenset()
_JUST_NOW = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it was seen: what the rules look at, and what that was made of.

    `device_seen_at` is when its browser signed the user in, or proved them, last.
    """

    facts: Facts
    risk: Risk
    features: Features
    place: Place
    agent: Agent
    device_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the caller knows of it."""

    moment: Moment
    client_id: str | None
    acr: str
    second_step_owned: bool
    proof_age: timedelta = _JUST_NOW


def at_sign_in(
    ctx: RequestContext,
    user: User,
    *,
    device_id: str | None,
    client_id: str | None,
    acr: str,
    second_step_owned: bool,
) -> Seen:
    """Return what is known of a sign-in, the user being known and `acr` being shown so far.

    It costs four statements, each of them look-ups by key.
    """
    view = views.of_request(ctx, user, device_id)
    changes = _NO_CHANGES
    # Who has several browsers is in several places; a stranger comes from one.
    if view.device is None and _travelled(ctx, user, view):
        changes = frozenset({Change.IMPOSSIBLE_TRAVEL})
    asked = _Asked(
        moment=Moment.SIGN_IN,
        client_id=client_id,
        acr=acr,
        second_step_owned=second_step_owned,
    )
    return _seen(ctx, user, view, asked, changes=changes)


def in_session(
    ctx: RequestContext,
    session: Session,
    user: User,
    *,
    moment: Moment,
    client_id: str | None,
    device_id: str | None,
    second_step_owned: bool = False,
    behind: bool = False,
) -> Seen:
    """Return what is known of a request in a session, and what changed since it was seen last.

    A refresh is a request of the client's, and a command or the worker has none at all: then the
    user is where the session was seen last, and as risky. `behind` says that its cookies are older
    than those that were shown before.
    """
    asked = _Asked(
        moment=moment,
        client_id=client_id,
        acr=session.acr,
        second_step_owned=second_step_owned,
        proof_age=max(ctx.now - session.authenticated_at, _JUST_NOW),
    )
    if moment is Moment.REFRESH or views.by_nobody(ctx):
        view = views.of_session(ctx, session)
        as_before = Risk(level=RiskLevel[session.risk.upper()], score=0.0)
        return _seen(ctx, user, view, asked, risk=as_before)
    view = views.of_request(ctx, user, device_id)
    changes = changes_between(
        views.sight_of_session(ctx, session),
        views.sight_of(view, device_id, ctx.now),
        earlier=views.earlier_sight(ctx, session),
    )
    if behind:
        changes |= {Change.STALE_COOKIE}
    return _seen(ctx, user, view, asked, changes=changes)


def _seen(
    ctx: RequestContext,
    user: User,
    view: View,
    asked: _Asked,
    *,
    changes: frozenset[Change] = _NO_CHANGES,
    risk: Risk | None = None,
) -> Seen:
    """Put it together; what is not known to be of some risk is scored."""
    features, place = views.features_of(view, user, ctx.now), view.place
    risk = risk or _risk(ctx, user, view, features, changes=changes, acr=asked.acr)
    facts = Facts(
        moment=asked.moment,
        groups=frozenset(user.groups),
        client_id=asked.client_id,
        device=_standing(view.device, ctx.now),
        acr=asked.acr,
        second_step_owned=asked.second_step_owned,
        risk=risk.level,
        changes=changes,
        network=place.network,
        prefix=place.prefix,
        country=place.country,
        hosting=place.hosting,
        tor=place.tor,
        proof_age=asked.proof_age,
    )
    return Seen(
        facts=facts,
        risk=risk,
        features=features,
        place=place,
        agent=view.agent,
        device_seen_at=view.device.last_seen_at if view.device else None,
    )


def _travelled(ctx: RequestContext, user: User, view: View) -> bool:
    """Tell whether the user was somewhere else just now; nothing is asked where nobody can tell."""
    if view.place.latitude is None:
        return False
    last = sessions.seen_last(ctx.db, user.id)
    return last is not None and too_fast(
        views.sight_of_user(ctx, last), views.sight_of(view, None, ctx.now)
    )


def _risk(
    ctx: RequestContext,
    user: User,
    view: View,
    features: Features,
    *,
    changes: frozenset[Change],
    acr: str,
) -> Risk:
    failures = failures_near(ctx, user, view.device.device_id if view.device else None)
    signals = Signals(
        device=_standing(view.device, ctx.now),
        device_confirmed=view.device is not None and view.device.confirmed_at is not None,
        device_unopposed=view.device is not None
        and ctx.now - view.device.first_seen_at >= TIME_TO_OBJECT,
        device_differs=view.device is not None and _differs(view.device, view),
        impossible_travel=Change.IMPOSSIBLE_TRAVEL in changes,
        account_failures=failures.account,
        network_failures=failures.network,
        hosting=view.place.hosting,
        tor=view.place.tor,
        acr=acr,
    )
    policy = ctx.house.get(Policies).current(ctx.now)
    return score(features, usual(ctx, user.id, features), signals, policy.thresholds)


def _standing(device: KnownDevice | None, now: datetime) -> DeviceStanding:
    if device is None:
        return DeviceStanding.NEW
    trusted = device.trusted_until is not None and device.trusted_until > now
    return DeviceStanding.TRUSTED if trusted else DeviceStanding.KNOWN


def _differs(device: KnownDevice, view: View) -> bool:
    """Tell whether the credential comes in another browser than it came in last."""
    before = device.user_agent
    return bool(before) and agent_of(before).family != agent_of(view.user_agent).family
