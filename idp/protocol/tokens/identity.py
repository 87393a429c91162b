"""ID tokens (OIDC Core §2)."""

from hashlib import sha256, sha512
from typing import Any

from idp.context import RequestContext
from idp.kernel.clock import epoch
from idp.kernel.encoding import b64url
from idp.kernel.jose import Claims
from idp.policy.acr import acr_claim, amr_claim
from idp.protocol.keys.keyring import Keyring
from idp.protocol.tokens import ours
from idp.store.grants import Grant

TYP = "JWT"


def issue(
    ctx: RequestContext,
    ring: Keyring,
    grant: Grant,
    *,
    algorithm: str,
    access_token: str,
    user_claims: dict[str, Any],
) -> str:
    """Return the ID token of a grant, signed as its client registered."""
    claims: Claims = {
        **user_claims,
        "iss": ctx.settings.issuer,
        "sub": grant.user_id,
        "aud": grant.client_id,
        "iat": epoch(ctx.now),
        "exp": epoch(ctx.now + ctx.settings.id_token_lifetime),
        "auth_time": epoch(grant.auth_time),
        "acr": acr_claim(grant.acr, grant.claims.get("acr_values", ())),
        "amr": amr_claim(grant.amr),
        "sid": grant.sid,
        "at_hash": left_half_hash(access_token, algorithm),
    }
    if grant.nonce is not None:
        claims["nonce"] = grant.nonce
    return ring.signer(algorithm).sign(claims, TYP)


def left_half_hash(value: str, algorithm: str) -> str:
    """Return `at_hash`: the left half of the hash that the signature uses (§3.1.3.6).

    Ed25519 hashes with SHA-512 (RFC 8032 §5.1), all our other algorithms with SHA-256.
    """
    used = sha512 if algorithm == "EdDSA" else sha256
    digest = used(value.encode("ascii")).digest()
    return b64url(digest[: len(digest) // 2])


def read_hint(ctx: RequestContext, token: str) -> Claims | None:
    """Return the claims of an ID token that we issued, expired or not (§3.1.2.1 id_token_hint)."""
    claims = ours.read(ctx, token, TYP)
    if claims is None:
        return None
    well_formed = isinstance(claims.get("sub"), str) and isinstance(claims.get("aud"), str)
    return claims if well_formed else None
