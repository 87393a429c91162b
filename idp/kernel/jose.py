"""JWS by joserfc: one key, one algorithm, always named (RFC 8725 §3.1)."""

from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.kernel.encoding import b64url, json_bytes

SIGNING_ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
ED25519: Final = "Ed25519"
Claims = dict[str, Any]


class _Signatures(JWSRegistry):
    """joserfc's algorithms, without its warning of `EdDSA`.

    RFC 9864 gives Ed25519 a name of its own; the clients of today know the one of RFC 8037.
    """

    algorithms = JWSRegistry.algorithms | {"EdDSA": copy(JWSRegistry.algorithms["EdDSA"])}


_Signatures.algorithms["EdDSA"].security_warning = None
_ALONE = {name: _Signatures(algorithms=[name]) for name in SIGNING_ALGORITHMS}


@lru_cache
def _header(algorithm: str, typ: str, kid: str) -> str:
    return b64url(json_bytes({"alg": algorithm, "typ": typ, "kid": kid}))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs with one algorithm; importing it is slow, so it is done once."""

    kid: str
    algorithm: str
    key: Key

    def sign(self, claims: Claims, typ: str) -> str:
        """Return a compact JWS whose header names this key (RFC 7515 §7.1)."""
        signed = f"{_header(self.algorithm, typ, self.kid)}.{b64url(json_bytes(claims))}"
        signature = _Signatures.algorithms[self.algorithm].sign(signed.encode(), self.key)
        return f"{signed}.{b64url(signature)}"

    def public_jwk(self) -> dict[str, Any]:
        """Return the public half as it stands in a JWK Set (RFC 7517 §4)."""
        public = self.key.as_dict(private=False)
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def generate(algorithm: str) -> dict[str, Any]:
    """Return a new private JWK for a signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1)."""
    key: Key
    if algorithm == "ES256":
        key = ECKey.generate_key("P-256", private=True)
    elif algorithm == "EdDSA":
        key = OKPKey.generate_key(ED25519, private=True)
    elif algorithm in ("RS256", "PS256"):
        key = RSAKey.generate_key(2048, private=True)
    else:
        raise ValueError(algorithm)
    return dict(key.as_dict(private=True))


def import_key(algorithm: str, jwk: dict[str, Any]) -> Key:
    """Return a key object; on RSA this costs about 30 ms, so keep it.

    Raises:
        JoseError: it is no key of this kind.
        ValueError: the curve is another one; Ed448 would pass for `EdDSA` too.
    """
    if algorithm == "ES256":
        return ECKey.import_key(jwk)
    if algorithm == "EdDSA":
        if jwk.get("crv") != ED25519:
            raise ValueError("crv")
        return OKPKey.import_key(jwk)
    return RSAKey.import_key(jwk)


def unverified_header(token: str) -> dict[str, Any] | None:
    """Return the header of a compact JWS, to find the key; None when it is no JWS."""
    if token.count(".") != 2:
        return None
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, UnicodeError, TypeError, RecursionError):
        return None


def verify(token: str, key: SigningKey) -> Claims | None:
    """Return the claims when `key` signed `token` with its own algorithm; None otherwise."""
    try:
        decoded = jwt.decode(token, key.key, registry=_ALONE[key.algorithm])
    except (JoseError, ValueError, UnicodeError, TypeError, RecursionError):
        return None
    return dict(decoded.claims)
