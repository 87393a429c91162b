"""A client that holds a key and makes DPoP proofs with it, sound ones and lies (RFC 9449 §4.2)."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any

from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from idp.kernel.encoding import b64url
from tests.app import ISSUER, NOON

TOKEN = f"{ISSUER}/token"
USERINFO = f"{ISSUER}/userinfo"
_numbers = count()


@cache
def new_key(name: str, algorithm: str = "ES256") -> Key:
    """A key of its own for each name."""
    if algorithm == "ES256":
        return ECKey.generate_key("P-256")
    if algorithm in ("EdDSA", "Ed25519"):
        return OKPKey.generate_key("Ed25519")
    return RSAKey.generate_key(2048)


def compact(header: dict[str, Any], claims: Any, key: Key | None) -> str:
    """A compact JWS over whatever it is, signed as its header says where the key can do that."""
    signed = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    algorithm = header.get("alg")
    name = "Ed25519" if algorithm == "EdDSA" else algorithm
    model = JWSRegistry.algorithms.get(name) if isinstance(name, str) else None
    able = model is not None and key is not None and model.key_type == key.key_type
    signature = model.sign(signed.encode(), key) if able else b"\1" * 64
    return f"{signed}.{b64url(signature)}"


def of_token(access_token: str) -> str:
    """`ath`: the hash of an access token (RFC 9449 §4.2)."""
    return b64url(sha256(access_token.encode()).digest())


@dataclass
class Holder:
    """Somebody with a private key."""

    key: Key = field(default_factory=lambda: new_key("holder"))
    algorithm: str = "ES256"

    @property
    def jwk(self) -> dict[str, Any]:
        return dict(self.key.as_dict(private=False))

    @property
    def jkt(self) -> str:
        return str(self.key.thumbprint())

    def proof(
        self,
        method: str = "POST",
        url: str = TOKEN,
        *,
        access_token: str | None = None,
        now: datetime = NOON,
        header: dict[str, Any] | None = None,
        signer: Key | None = None,
        **claims: Any,
    ) -> str:
        """A proof for one request; None takes a claim or a member of the header away."""
        sound = {
            "jti": f"jti-{next(_numbers)}",
            "htm": method,
            "htu": url,
            "iat": int(now.timestamp()),
            "ath": None if access_token is None else of_token(access_token),
        }
        said = {name: value for name, value in (sound | claims).items() if value is not None}
        head = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk} | (header or {})
        made = {name: value for name, value in head.items() if value is not None}
        return compact(made, said, signer or self.key)


def symmetric() -> Key:
    """A secret that pretends to be a key."""
    return OctKey.import_key("s" * 64)
