"""DPoP at our own endpoints (RFC 9449): a proof is good once, and a nonce in it must be ours.

Nonces are not stored: each is a MAC over the number of a stretch of time, so every process knows
them all. Does not own: which key a token or a grant is bound to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.dpop_proof import BadProof, Proof, check_proof
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey, same
from idp.protocol.errors import InvalidDpopProof, InvalidToken, UseDpopNonce
from idp.store import spent

# A nonce is good for as long again as it was the newest one.
NONCE_STRETCH = timedelta(minutes=3)
_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Binding:
    """The key that a sender holds, and the nonce for its next proof, if a new one is due."""

    jkt: str
    next_nonce: str | None = None


def verify(
    ctx: RequestContext,
    proofs: Sequence[str],
    *,
    method: str,
    path: str,
    access_token: str | None = None,
    jkt: str | None = None,
) -> Binding:
    """Accept the proof of a request, once (RFC 9449 §4.3, §11.1; I8).

    Its URL is measured by the issuer: a `Host` header is the sender's own word. Beside an access
    token, `jkt` is the key that this one is bound to.

    Raises:
        InvalidToken: the token is bound to another key.
        InvalidDpopProof: none, several, one that breaks a rule, or one that was used before.
        UseDpopNonce: it has no nonce where one is demanded, or an old one.
    """
    url = f"{ctx.settings.issuer}{path}"
    try:
        proof = check_proof(proofs, method=method, url=url, now=ctx.now, access_token=access_token)
    except BadProof as error:
        raise InvalidDpopProof(error.reason) from error
    if jkt is not None and proof.jkt != jkt:
        raise InvalidToken("bound to another key")
    binding = Binding(proof.jkt, _check_nonce(ctx, proof))
    # Whatever becomes of the request, its proof is spent: it takes no transaction.
    if not spent.burn_at_once(ctx.db, proof.key, proof.until):
        raise InvalidDpopProof("used before")
    return binding


def _check_nonce(ctx: RequestContext, proof: Proof) -> str | None:
    """Return the nonce to use from now on, None while the proof's own is the newest (§8.2)."""
    if proof.nonce is None and not ctx.settings.dpop_nonces:
        return None
    master = ctx.house.get(MasterKey)
    newest = nonce_at(master, ctx.now)
    if proof.nonce is None:
        raise UseDpopNonce(newest, "no nonce")
    if same(proof.nonce.encode(), newest):
        return None
    if same(proof.nonce.encode(), nonce_at(master, ctx.now - NONCE_STRETCH)):
        return newest
    # A machine whose clock is a little ahead may have given it out already.
    if same(proof.nonce.encode(), nonce_at(master, ctx.now + NONCE_STRETCH)):
        return None
    raise UseDpopNonce(newest, "an old nonce, or none of ours")


def nonce_at(master: MasterKey, instant: datetime) -> str:
    """Return the nonce that is the newest at an instant (RFC 9449 §8.1)."""
    number = epoch(instant) // int(NONCE_STRETCH.total_seconds())
    return b64url(master.mac("dpop_nonce", number.to_bytes(8, "big"))[:_NONCE_BYTES])
