"""A WebAuthn authenticator and its browser, in software, that can be told to lie.

It shares nothing with what it tests: its CBOR is its own, its keys are `cryptography`'s.

    key = Authenticator()                       # a synced-nowhere platform authenticator, ES256
    answer = key.create(ceremony.options)       # the JSON text of PublicKeyCredential.toJSON()
    answer = key.get(ceremony.options)          # the same for an assertion
    key.get(ceremony.options, origin="https://evil.example")           # on another page
    key.get(ceremony.options, bad_signature=True, uv=False)            # lies, see `Lies`

An authenticator made with `attestation="x5c"` is vouched for by `maker`, a `Maker` with a root of
its own: `maker.write_roots(path)` is the bundle that a provider has to believe.
"""

import copy
import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.authenticator_keys import EDDSA, ES256, RS256, cose, flipped, new_key, sign
from tests.support.authenticator_maker import Maker
from tests.support.cbor import cbor

__all__ = [
    "EDDSA",
    "ES256",
    "RS256",
    "AlreadyRegistered",
    "Authenticator",
    "Lies",
    "Maker",
    "NotAllowed",
    "b64url",
    "unb64url",
]
ORIGIN = "https://id.example.test"
_UP, _UV, _BE, _BS, _AT = 0x01, 0x04, 0x08, 0x10, 0x40


class NotAllowed(Exception):
    """The browser rejects the promise: nobody here can or may answer (`NotAllowedError`)."""


class AlreadyRegistered(NotAllowed):
    """This authenticator holds one of `excludeCredentials` (`InvalidStateError`)."""


@dataclass(kw_only=True)
class Lies:
    """What an answer says instead of the truth; None and False leave it alone.

    Client data: `type`, `challenge` (base64url), `cross_origin` and `top_origin` (done in a
    frame), or `client_data`, bytes instead of all of it.
    Authenticator data: the flags `up`, `uv`, `be` and `bs`; `rp_id`, of which it holds the hash;
    `sign_count`; bytes taken from its end (`cut`) or put behind it (`extra`). It is signed so.
    At registration: `aaguid`, `public_key` (a COSE key), `fmt` and `statement` (its attestation),
    and `ignore_exclusion` (make one although the options exclude it).
    `credential_id`: another one's. `user_handle`: other bytes, b"" for none. `transports`: as the
    browser names them. `bad_signature`: one bit of it is another.
    """

    type: str | None = None
    challenge: str | None = None
    cross_origin: Any = None
    top_origin: str | None = None
    rp_id: str | None = None
    up: bool | None = None
    uv: bool | None = None
    be: bool | None = None
    bs: bool | None = None
    sign_count: int | None = None
    user_handle: bytes | None = None
    credential_id: bytes | None = None
    bad_signature: bool = False
    cut: int = 0
    extra: bytes = b""
    client_data: bytes | None = None
    public_key: bytes | None = None
    fmt: str | None = None
    statement: dict[str, Any] | None = None
    aaguid: bytes | None = None
    transports: Any = None
    ignore_exclusion: bool = False


@dataclass
class Credential:
    """One credential inside an authenticator; it names its user only if it is discoverable."""

    id: bytes
    rp_id: str
    user_handle: bytes
    key: Any
    discoverable: bool
    sign_count: int = 0


@dataclass
class Authenticator:
    """One device. `clone()` is a perfect copy of it, counter and all.

    Args:
        algorithm: the only one it can do: ES256, EDDSA or RS256.
        attestation: "none", "self" (packed, by the credential's own key) or "x5c" (packed, by
            the maker's). It attests unless asked for "none"; `stubborn` attests even then.
        verifies_user: it has a PIN or a fingerprint, and so sets UV when asked to.
        counts: its counter rises; otherwise it is always 0.
        backup_eligible, backed_up: flags BE and BS of all that it makes and says.
        origin: of the page that asks, where a call does not name another.
    """

    algorithm: int = ES256
    attestation: str = "none"
    stubborn: bool = False
    verifies_user: bool = True
    counts: bool = True
    backup_eligible: bool = False
    backed_up: bool = False
    aaguid: bytes = bytes.fromhex("00112233445566778899aabbccddeeff")
    transports: tuple[str, ...] = ("internal",)
    maker: Maker = field(default_factory=Maker)
    origin: str = ORIGIN
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options_json: str, origin: str | None = None, **lies: Any) -> str:
        """Make a credential, as `navigator.credentials.create()` does; return its JSON.

        Raises:
            AlreadyRegistered: it holds one that the options exclude.
            NotAllowed: it can do none of the algorithms, or no required user verification.
        """
        options, lie = json.loads(options_json), Lies(**lies)
        selection = options["authenticatorSelection"]
        rp_id = options["rp"]["id"]
        if self._among(options["excludeCredentials"]) and not lie.ignore_exclusion:
            raise AlreadyRegistered
        if self.algorithm not in [each["alg"] for each in options["pubKeyCredParams"]]:
            raise NotAllowed
        made = Credential(
            id=lie.credential_id or secrets.token_bytes(32),
            rp_id=rp_id,
            user_handle=unb64url(options["user"]["id"]),
            key=new_key(self.algorithm),
            discoverable=selection["residentKey"] != "discouraged",
        )
        self.credentials.append(made)
        client_data = _client_data("webauthn.create", options, origin or self.origin, lie)
        public_key = cbor(cose(made.key)) if lie.public_key is None else lie.public_key
        attested = (
            (lie.aaguid or self.aaguid) + len(made.id).to_bytes(2, "big") + made.id + public_key
        )
        data = self._data(made, selection["userVerification"], lie, attested)
        fmt, statement = self._statement(made, options["attestation"], data, client_data, lie)
        attestation_object = cbor({"fmt": fmt, "attStmt": statement, "authData": data})
        response = {
            "clientDataJSON": b64url(client_data),
            "attestationObject": b64url(attestation_object),
            "authenticatorData": b64url(data),
            "publicKeyAlgorithm": self.algorithm,
            "transports": list(self.transports) if lie.transports is None else lie.transports,
        }
        return self._credential(made.id, response, {"credProps": {"rk": made.discoverable}})

    def get(self, options_json: str, origin: str | None = None, **lies: Any) -> str:
        """Sign a challenge, as `navigator.credentials.get()` does; return the JSON.

        Raises:
            NotAllowed: it holds no fitting credential, or cannot verify the user as required.
        """
        options, lie = json.loads(options_json), Lies(**lies)
        allowed = options["allowCredentials"]
        known = self._among(allowed) if allowed else self._of(options["rpId"])
        if not known:
            raise NotAllowed
        used = known[-1]
        client_data = _client_data("webauthn.get", options, origin or self.origin, lie)
        data = self._data(used, options["userVerification"], lie)
        signature = sign(used.key, data + hashlib.sha256(client_data).digest())
        own_handle = used.user_handle if used.discoverable else b""
        handle = own_handle if lie.user_handle is None else lie.user_handle
        response = {
            "clientDataJSON": b64url(client_data),
            "authenticatorData": b64url(data),
            "signature": b64url(flipped(signature) if lie.bad_signature else signature),
        } | ({"userHandle": b64url(handle)} if handle else {})
        return self._credential(lie.credential_id or used.id, response, {})

    def clone(self) -> "Authenticator":
        """Return a copy of the device, as a thief would make it."""
        return replace(self, credentials=[copy.copy(each) for each in self.credentials])

    def _among(self, descriptors: list[dict[str, Any]]) -> list[Credential]:
        ids = {each["id"] for each in descriptors}
        return [each for each in self.credentials if b64url(each.id) in ids]

    def _of(self, rp_id: str) -> list[Credential]:
        return [each for each in self.credentials if each.rp_id == rp_id and each.discoverable]

    def _data(
        self, credential: Credential, verification: str, lie: Lies, attested: bytes = b""
    ) -> bytes:
        """Return authenticator data (WebAuthn §6.1)."""
        if verification == "required" and not self.verifies_user and lie.uv is None:
            raise NotAllowed
        credential.sign_count += self.counts
        flags = {
            _UP: True if lie.up is None else lie.up,
            _UV: self.verifies_user and verification != "discouraged" if lie.uv is None else lie.uv,
            _BE: self.backup_eligible if lie.be is None else lie.be,
            _BS: self.backed_up if lie.bs is None else lie.bs,
            _AT: bool(attested),
        }
        count = credential.sign_count if lie.sign_count is None else lie.sign_count
        data = b"".join(
            (
                hashlib.sha256((lie.rp_id or credential.rp_id).encode()).digest(),
                bytes([sum(bit for bit, said in flags.items() if said)]),
                count.to_bytes(4, "big"),
                attested,
                lie.extra,
            )
        )
        return data[: len(data) - lie.cut]

    def _statement(
        self, made: Credential, conveyance: str, data: bytes, client_data: bytes, lie: Lies
    ) -> tuple[str, dict[str, Any]]:
        """Return an attestation statement (WebAuthn §8.2, §8.7)."""
        if lie.statement is not None:
            return lie.fmt or "packed", lie.statement
        wanted = conveyance != "none" or self.stubborn
        if self.attestation == "none" or not wanted:
            return lie.fmt or "none", {}
        signed = data + hashlib.sha256(client_data).digest()
        chain: dict[str, Any] = {}
        signer, algorithm = made.key, self.algorithm
        if self.attestation == "x5c":
            signer, algorithm = new_key(ES256), ES256
            chain = {"x5c": [self.maker.certificate(signer.public_key(), self.aaguid)]}
        signature = sign(signer, signed)
        signature = flipped(signature) if lie.bad_signature else signature
        return lie.fmt or "packed", {"alg": algorithm, "sig": signature} | chain

    def _credential(
        self, credential_id: bytes, response: dict[str, Any], extensions: dict[str, Any]
    ) -> str:
        internal = "internal" in self.transports
        return json.dumps(
            {
                "id": b64url(credential_id),
                "rawId": b64url(credential_id),
                "type": "public-key",
                "authenticatorAttachment": "platform" if internal else "cross-platform",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )


def _client_data(kind: str, options: dict[str, Any], origin: str, lie: Lies) -> bytes:
    """Return the JSON that a browser signs for (WebAuthn §5.8.1)."""
    if lie.client_data is not None:
        return lie.client_data
    said = {
        "type": lie.type or kind,
        "challenge": lie.challenge or options["challenge"],
        "origin": origin,
        "crossOrigin": False if lie.cross_origin is None else lie.cross_origin,
    } | ({} if lie.top_origin is None else {"topOrigin": lie.top_origin})
    return json.dumps(said, separators=(",", ":")).encode()


def b64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
