"""Decisions that a test arranges, where no sign-in has to make them."""

from typing import Any

from idp.context import RequestContext
from idp.kernel.secrets import new_id
from idp.store.decisions import Recorded
from idp.store.users import User


def a_decision(ctx: RequestContext, user: User, **traits: Any) -> Recorded:
    """A sign-in that was judged now, and nothing to say against it."""
    values: dict[str, Any] = {
        "id": new_id(),
        "at": ctx.now,
        "moment": "sign_in",
        "outcome": "allow",
        "rule": "default",
        "policy_version": "1",
        "level": "low",
        "score": 0.0,
        "user_id": user.id,
        "reference": ctx.reference,
        "address": "203.0.113.9",
    }
    return Recorded(**(values | traits))
