"""Revoke a signing key whose private half may be in other hands (I13: it verifies nowhere)."""

from dataclasses import dataclass

from idp.audit import record
from idp.audit.upkeep_events import KeyRevoked
from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.protocol.keys import service
from idp.protocol.keys.keyring import Keyring
from idp.store import signing_keys


class NoSuchKey(IdpError):
    """No key has this kid, or none any more."""

    public = "There is no such key: `idp key list` has those that are published."
    status = 404


@dataclass(frozen=True, slots=True)
class Revocation:
    """What was revoked, and what signs and waits in its algorithm from now on."""

    kid: str
    algorithm: str
    was: str
    active: str | None
    next: str


def revoke(ctx: RequestContext, kid: str, *, because: str) -> Revocation:
    """Remove a key, so that nothing it signed is accepted; its successor signs at once, if young.

    The row goes, and kids are random: nothing brings it back. What other processes have read they
    use for `keys_cached_for` after the commit; ours reads anew once `forget` is called behind it.

    Raises:
        NoSuchKey: it is none of ours, or gone already.
    """
    signing_keys.lock(ctx.db)
    row = signing_keys.remove(ctx.db, kid)
    if row is None:
        raise NoSuchKey(kid)
    algorithm = row.algorithm
    record(ctx, KeyRevoked(kid=kid, algorithm=algorithm, was=row.state, reason=because))
    if row.state == "active":
        service.activate(ctx, algorithm, service.succeed(ctx, algorithm))
    waiting = service.succeed(ctx, algorithm)
    rows = signing_keys.list_published(ctx.db, ctx.now)
    active = {each.algorithm: each.kid for each in rows if each.state == "active"}
    return Revocation(kid, algorithm, row.state, active.get(algorithm), waiting)


def forget(ctx: RequestContext) -> None:
    """Have this process read the keys before it uses one again; call it behind the commit."""
    ctx.house.get(Keyring).forget()
