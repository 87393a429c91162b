"""Failed attempts near an account and near a network, from the throttle's counters."""

from dataclasses import dataclass
from datetime import timedelta

from idp.context import RequestContext
from idp.kernel.secrets import MasterKey
from idp.policy.factors import STEPS
from idp.store import throttles
from idp.store.throttle_keys import ACCOUNT_KEPT_FOR, ThrottleKeys
from idp.store.users import User, username_key

# What can be tried wrongly: a key answers for a user once one is named, and as a passkey alone.
_CODES = tuple(step for step in STEPS if step != "key")
_LATELY = timedelta(days=1)
_AT_NETWORKS = ("password", "passkey", *_CODES)


@dataclass(frozen=True, slots=True)
class Failures:
    """How many attempts failed near this account and near this network."""

    account: int = 0
    network: int = 0


def failures_near(ctx: RequestContext, user: User, device_id: str | None) -> Failures:
    """Return what failed lately, before or in this sign-in (one statement, which counts nothing).

    An account's counters are those of its strangers and the one of this browser.
    """
    keys = ThrottleKeys(ctx.house.get(MasterKey))
    network = {keys.of_network(act, ctx.origin.address) for act in _AT_NETWORKS}
    names = {username_key(name) for name in (user.username, user.email) if name}
    tried = [*(("password", name) for name in names), *((code, user.id) for code in _CODES)]
    account = {keys.of_account(*each) for each in tried}
    if device_id is not None:
        account |= {keys.of_device(factor, device_id, name) for factor, name in tried}
    before = {keys.of_failures_before(name) for name in (*names, user.id)}
    found = throttles.counted(ctx.db, [*account, *before, *network], ctx.now)
    # They are kept for a month, so that nobody gets a hundred tries a day; old ones tell nothing.
    lately = ctx.now + ACCOUNT_KEPT_FOR - _LATELY
    return Failures(
        account=sum(
            each.attempts
            for each in found
            if each.key in before or (each.key in account and each.expires_at > lately)
        ),
        network=sum(each.attempts for each in found if each.key in network),
    )
