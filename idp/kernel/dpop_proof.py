"""DPoP proofs: a JWT by which the sender of one request shows that it holds a key (RFC 9449 §4).

Owns every rule of §4.3 that the request alone decides. Does not own: whether the proof was seen
before, whether its nonce is ours, and which key a token is bound to.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, TypeGuard

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.kernel.clock import from_epoch
from idp.kernel.encoding import b64url, json_bytes, unb64url
from idp.kernel.secrets import same
from idp.kernel.urls import same_target

# RS256 is left out: FAPI 2.0 §5.4.1 wants none of PKCS#1 v1.5. `EdDSA` is here Ed25519 (RFC 9864).
ALGORITHMS: Final = ("ES256", "PS256", "EdDSA", "Ed25519")
# How old a proof may be, and by how much its maker's clock may be ahead (RFC 9449 §11.1).
BACK: Final = timedelta(seconds=60)
AHEAD: Final = timedelta(seconds=15)
MAX_LENGTH = 8192
MAX_TEXT = 256
_TYP = "dpop+jwt"
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEYS_KEPT = 1000


class BadProof(Exception):
    """A proof that proves nothing; `reason` is for the operator alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a good proof says: `jkt` is the thumbprint of the key that its sender holds."""

    jkt: str
    jti: str
    issued_at: datetime
    nonce: str | None

    @property
    def key(self) -> bytes:
        """What stands for this proof in a memory of those that were seen (RFC 9449 §11.1)."""
        return sha256(json_bytes(["dpop", self.jkt, self.jti])).digest()

    @property
    def until(self) -> datetime:
        """From when it is refused for its age, on a machine whose clock is behind as well."""
        return self.issued_at + BACK + AHEAD


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a public key must be for an algorithm; `members` make its thumbprint (RFC 7638 §3.2)."""

    fixed: dict[str, str]
    numbers: tuple[str, ...]
    signs_as: str

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(sorted((*self.fixed, *self.numbers)))


_P256 = _Kind({"kty": "EC", "crv": "P-256"}, ("x", "y"), "ES256")
_RSA = _Kind({"kty": "RSA"}, ("e", "n"), "PS256")
_ED25519 = _Kind({"kty": "OKP", "crv": "Ed25519"}, ("x",), "Ed25519")
_MAKERS: dict[str, type[ECKey | RSAKey | OKPKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
_KINDS = {"ES256": _P256, "PS256": _RSA, "EdDSA": _ED25519, "Ed25519": _ED25519}
_SIGNATURES = JWSRegistry(algorithms=[kind.signs_as for kind in _KINDS.values()])


def check_proof(
    proofs: Sequence[str], *, method: str, url: str, now: datetime, access_token: str | None = None
) -> Proof:
    """Return what the request's only proof says, when it is good for this very request (§4.3).

    Args:
        proofs: the value of every `DPoP` header of the request.
        method: of the request.
        url: of the request as its sender knows it, never as a `Host` header has it.
        now: the instant of the request.
        access_token: what came with it, where one must be named by `ath`.

    Raises:
        BadProof: none, several, or one that breaks a rule.
    """
    if len(proofs) != 1:
        raise BadProof(f"{len(proofs)} proofs")
    header, claims, signed, signature = _opened(proofs[0])
    # What costs nothing comes first: a signature is checked only where all else is sound.
    kind = _KINDS.get(header["alg"]) if isinstance(header.get("alg"), str) else None
    if header.get("typ") != _TYP or kind is None or "crit" in header:
        raise BadProof("typ, alg or crit")
    members = _public_members(header.get("jwk"), kind)
    proof = _judged(claims, _thumbprint(members), method, url, now)
    if access_token is not None:
        _check_hash(claims.get("ath"), access_token)
    try:
        good = _SIGNATURES.get_alg(kind.signs_as).verify(signed, signature, _imported(members))
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadProof("no such key") from error
    if not good:
        raise BadProof("signature")
    return proof


def _opened(proof: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Return header, claims, what was signed and the signature of a compact JWS (RFC 7515 §7.1)."""
    parts = proof.split(".") if len(proof) <= MAX_LENGTH else []
    if len(parts) != 3:
        raise BadProof("no JWT")
    try:
        header, claims = (json.loads(unb64url(part).decode()) for part in parts[:2])
        signature = unb64url(parts[2])
    except (ValueError, RecursionError) as error:
        raise BadProof("no JWT") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise BadProof("no JWT")
    return header, claims, f"{parts[0]}.{parts[1]}".encode(), signature


def _public_members(jwk: object, kind: _Kind) -> tuple[tuple[str, str], ...]:
    """Return the members that make a public key, in the one spelling that each of them has."""
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys():
        raise BadProof("no public jwk")
    if any(jwk.get(name) != value for name, value in kind.fixed.items()):
        raise BadProof("another kind of key")
    for name in kind.numbers:
        _check_number(name, jwk.get(name), kind)
    return tuple((name, jwk[name]) for name in kind.members)


def _check_number(name: str, value: object, kind: _Kind) -> None:
    """Refuse short keys, and those that are slow to use (RFC 7518 §3.5, §6.3.1)."""
    try:
        raw = unb64url(value) if isinstance(value, str) and len(value) < 700 else b""
    except ValueError as error:
        raise BadProof(f"jwk: {name}") from error
    if kind is not _RSA:
        sound = len(raw) == 32
    elif name == "n":
        sound = 2048 <= int.from_bytes(raw).bit_length() <= 4096 and raw[0] != 0
    else:
        sound = 1 <= len(raw) <= 4 and raw[0] != 0
    if not sound:
        raise BadProof(f"jwk: {name}")


def _thumbprint(members: tuple[tuple[str, str], ...]) -> str:
    """Return the SHA-256 thumbprint of a key (RFC 7638 §3)."""
    return b64url(sha256(json_bytes(dict(members))).digest())


@lru_cache(maxsize=_KEYS_KEPT)
def _imported(members: tuple[tuple[str, str], ...]) -> Key:
    """Return the key; a client shows the same one time and again."""
    jwk: dict[str, str | list[str]] = dict(members)
    return _MAKERS[dict(members)["kty"]].import_key(jwk)


def _judged(claims: dict[str, Any], jkt: str, method: str, url: str, now: datetime) -> Proof:
    """Return the proof when its claims are about this request and this moment."""
    jti, nonce, issued = claims.get("jti"), claims.get("nonce"), claims.get("iat")
    if not _is_text(jti) or not (nonce is None or _is_text(nonce)):
        raise BadProof("jti or nonce")
    if claims.get("htm") != method:
        raise BadProof("htm")
    if not isinstance(claims.get("htu"), str) or not same_target(claims["htu"], url):
        raise BadProof("htu")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise BadProof("iat")
    # Compared, not subtracted: a number may be too great to become a float.
    if not (now - BACK).timestamp() <= issued <= (now + AHEAD).timestamp():
        raise BadProof("iat: too old, or not yet")
    return Proof(jkt=jkt, jti=jti, issued_at=from_epoch(issued), nonce=nonce)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _check_hash(ath: object, access_token: str) -> None:
    """Let a proof pass that names the token which came with it (§4.2)."""
    wanted = b64url(sha256(access_token.encode("utf-8", "replace")).digest())
    if not isinstance(ath, str) or not same(ath.encode("utf-8", "replace"), wanted):
        raise BadProof("ath")
