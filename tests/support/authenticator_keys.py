"""The keys inside a software authenticator, as COSE writes them."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EDDSA, ES256, RS256 = -8, -7, -257


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def new_key(algorithm: int) -> Any:
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    # One RSA key for a whole run: making them is slow.
    return ed25519.Ed25519PrivateKey.generate() if algorithm == EDDSA else _rsa_key()


def sign(key: Any, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), SHA256())
    return bytes(key.sign(message))


def flipped(signature: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] ^ 1])


def cose(key: Any) -> dict[int, Any]:
    """Return a public key as a COSE_Key (RFC 9053 §7)."""
    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {1: 1, 3: EDDSA, -1: 6, -2: raw}
    numbers = public.public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        modulus, exponent = (
            number.to_bytes((number.bit_length() + 7) // 8, "big")
            for number in (numbers.n, numbers.e)
        )
        return {1: 3, 3: RS256, -1: modulus, -2: exponent}
    size, curve = (32, 1) if key.curve.name == "secp256r1" else (48, 2)
    x, y = (number.to_bytes(size, "big") for number in (numbers.x, numbers.y))
    return {1: 2, 3: ES256, -1: curve, -2: x, -3: y}


def p384_key() -> ec.EllipticCurvePrivateKey:
    """Return a key that fits no algorithm here; `cose` writes it as one for ES256."""
    return ec.generate_private_key(ec.SECP384R1())


def rsa_key_of(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)
