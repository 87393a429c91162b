"""Decisions that a test arranges, where no sign-in has to make them."""

from typing import Any

from idp.audit import record
from idp.audit.events import SessionOpened
from idp.context import RequestContext
from idp.kernel.secrets import new_id
from idp.policy.facts import Facts
from idp.policy.on_record import facts_as_json
from idp.policy.terms import DeviceStanding, Moment, RiskLevel
from idp.store import decisions
from idp.store.decisions import Recorded
from idp.store.sessions import Session
from idp.store.users import User
from tests.app import Provider
from tests.support import judged

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
REASONS = [
    {"name": "new_device", "weight": 2.1, "detail": ""},
    {"name": "new_country", "weight": 1.4, "detail": "NO"},
    {"name": "known_device", "weight": -3.0, "detail": ""},
]


def a_decision(ctx: RequestContext, user: User, **traits: Any) -> Recorded:
    """A sign-in that was judged now, and nothing to say against it."""
    usual = {"address": "203.0.113.9", "reference": ctx.reference}
    return judged.a_decision(user.id, ctx.now, **(usual | traits))


def a_strange_one(provider: Provider, user: User, **traits: Any) -> Recorded:
    """A sign-in from a new browser in Norway, as it is on record."""
    facts = Facts(
        moment=Moment.SIGN_IN,
        device=DeviceStanding.NEW,
        risk=RiskLevel.ELEVATED,
        network="AS2119",
        country="NO",
    )
    usual: dict[str, Any] = {
        "sid": new_id(),
        "device_id": new_id(),
        "user_agent": FIREFOX,
        "outcome": "shorten",
        "rule": "elevated_risk",
        "level": "elevated",
        "score": 3.5,
        "contributions": REASONS,
        "facts": facts_as_json(facts),
    }
    with provider.context() as ctx:
        decision = a_decision(ctx, user, **(usual | traits))
        decisions.add(ctx.db, decision)
        if decision.moment == Moment.SIGN_IN and decision.sid is not None:
            record(ctx, SessionOpened(user_id=user.id, sid=decision.sid, acr="sfa", amr=["pwd"]))
    return decision


def a_session(ctx: RequestContext, **traits: Any) -> Session:
    """A session that nobody opened."""
    values = judged.a_session("nobody", ctx.now) | traits
    del values["secret_hash"]
    return Session(**(values | {"amr": tuple(values["amr"]), "device_id": traits.get("device_id")}))
