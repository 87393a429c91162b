"""What a browser hands over for an authenticator, checked against a challenge of ours.

The signature arithmetic is py_webauthn's. What it leaves to a relying party, and what should be
refused under a name of its own, is checked here first (WebAuthn §7.1, §7.2). A stranger wrote every
byte: whatever goes wrong while they are read is a refusal.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_authenticator_data,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationObject,
    AuthenticationCredential,
    AuthenticatorData,
)

from idp.credentials.ceremonies import ALGORITHMS, Challenge, Unacceptable
from idp.kernel.encoding import unb64url
from idp.settings import Settings

LONGEST = 32_000
# WebAuthn §7.1: a credential id has at most 1023 bytes.
_LONGEST_ID = 1023
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192
_TRANSPORTS = ("ble", "hybrid", "internal", "nfc", "smart-card", "usb")
_ALGORITHMS = [COSEAlgorithmIdentifier(each) for each in ALGORITHMS]


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that an authenticator made for our challenge."""

    credential_id: bytes
    public_key: bytes
    data: AuthenticatorData
    aaguid: str
    transports: list[str]
    attestation: AttestationObject


@dataclass(frozen=True, slots=True)
class Assertion:
    """An answer to a request, not verified yet: whose key it claims to be signed with."""

    credential: AuthenticationCredential
    data: AuthenticatorData

    @property
    def credential_id(self) -> bytes:
        """The id under which the authenticator knows the credential."""
        return self.credential.raw_id

    @property
    def user_handle(self) -> bytes | None:
        """The user that the authenticator keeps the credential for, if it says so."""
        return self.credential.response.user_handle


@contextmanager
def _refusing(reason: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a refusal."""
    try:
        yield
    except Unacceptable:
        raise
    except Exception as error:
        raise Unacceptable(reason) from error


def read_registration(
    settings: Settings, challenge: Challenge, credential_json: str
) -> NewCredential:
    """Return the credential of a registration response (WebAuthn §7.1).

    That its attestation statement is valid is said, not that its signer is believed.

    Raises:
        Unacceptable: `malformed`, `type`, `challenge`, `origin`, `cross_origin`, `rp_id`,
            `user_not_present`, `backup_flags`, `algorithm`, or `attestation`.
    """
    with _refusing("malformed"):
        content = _object(credential_json)
        answer = parse_registration_credential_json(content)
        attestation = parse_attestation_object(answer.response.attestation_object)
        data = attestation.auth_data
        attested = data.attested_credential_data
        if attested is None or attested.credential_id != answer.raw_id:
            raise Unacceptable("malformed")
        if not 1 <= len(answer.raw_id) <= _LONGEST_ID:
            raise Unacceptable("malformed")
        transports = content["response"].get("transports")
        said = transports if isinstance(transports, list) else []
    _check_client_data(settings, challenge, answer.response.client_data_json, "webauthn.create")
    _check_authenticator_data(settings, challenge, data)
    with _refusing("algorithm"):
        _check_key(attested.credential_public_key)
    with _refusing("attestation"):
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=unb64url(challenge.value),
            expected_rp_id=settings.rp_id,
            expected_origin=settings.issuer,
            require_user_verification=challenge.verify,
            supported_pub_key_algs=_ALGORITHMS,
        )
    return NewCredential(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        data=data,
        aaguid=verified.aaguid,
        transports=[each for each in _TRANSPORTS if each in said],
        attestation=attestation,
    )


def read_assertion(settings: Settings, challenge: Challenge, credential_json: str) -> Assertion:
    """Return what is claimed by an answer to our request; its signature is yet to be verified.

    Raises:
        Unacceptable: `malformed`, `type`, `challenge`, `origin`, `cross_origin`, `rp_id`,
            `user_not_present`, `user_not_verified` or `backup_flags`.
    """
    with _refusing("malformed"):
        answer = parse_authentication_credential_json(_object(credential_json))
        data = parse_authenticator_data(answer.response.authenticator_data)
        if not 1 <= len(answer.raw_id) <= _LONGEST_ID:
            raise Unacceptable("malformed")
    _check_client_data(settings, challenge, answer.response.client_data_json, "webauthn.get")
    _check_authenticator_data(settings, challenge, data)
    return Assertion(answer, data)


def verify_assertion(
    settings: Settings, challenge: Challenge, assertion: Assertion, public_key: bytes
) -> None:
    """Check that an assertion is signed by this key (WebAuthn §7.2).

    The counter is not judged here: the row does that, by compare-and-set.

    Raises:
        Unacceptable: `signature`.
    """
    with _refusing("signature"):
        verify_authentication_response(
            credential=assertion.credential,
            expected_challenge=unb64url(challenge.value),
            expected_rp_id=settings.rp_id,
            expected_origin=settings.issuer,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=challenge.verify,
        )


def _object(credential_json: str) -> dict[str, Any]:
    if len(credential_json) > LONGEST:
        raise Unacceptable("malformed")
    content = json.loads(credential_json)
    if not isinstance(content, dict) or content.get("id") != content.get("rawId"):
        raise Unacceptable("malformed")
    return content


def _check_client_data(
    settings: Settings, challenge: Challenge, client_data_json: bytes, kind: str
) -> None:
    """Refuse what was not done on a page of ours, for this challenge (WebAuthn §5.8.1)."""
    with _refusing("malformed"):
        said = json.loads(client_data_json.decode())
        if not isinstance(said, dict):
            raise Unacceptable("malformed")
    if said.get("type") != kind:
        raise Unacceptable("type")
    if said.get("challenge") != challenge.value:
        raise Unacceptable("challenge")
    if said.get("origin") != settings.issuer:
        raise Unacceptable("origin")
    # Our pages let nobody frame them; a frame of somebody else's page is a trap.
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise Unacceptable("cross_origin")


def _check_authenticator_data(
    settings: Settings, challenge: Challenge, data: AuthenticatorData
) -> None:
    """Refuse another relying party, an absent user and impossible flags (WebAuthn §6.1)."""
    if data.rp_id_hash != hashlib.sha256(settings.rp_id.encode()).digest():
        raise Unacceptable("rp_id")
    if not data.flags.up:
        raise Unacceptable("user_not_present")
    if challenge.verify and not data.flags.uv:
        raise Unacceptable("user_not_verified")
    if data.flags.bs and not data.flags.be:
        raise Unacceptable("backup_flags")


def _check_key(cose_key: bytes) -> None:
    """Refuse a key that could not verify anything later, or is too weak (WebAuthn §5.8.5)."""
    decoded = decode_credential_public_key(cose_key)
    key = decoded_public_key_to_cryptography(decoded)
    fits = {
        -8: isinstance(key, Ed25519PublicKey),
        -7: isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1),
        -257: isinstance(key, RSAPublicKey) and _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA,
    }
    if not fits.get(decoded.alg, False):
        raise Unacceptable("algorithm")
