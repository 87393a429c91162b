"""Random values, digests and the master key.

Everything that must be kept readable is sealed, everything that only needs comparing is hashed,
and everything that can be derived is not kept at all.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp.kernel.encoding import b64url

SECRET_BYTES = 32
_NONCE_BYTES = 12


def new_id() -> str:
    """Return a public identifier: 128 random bits as 22 base64url characters.

    Never with a hyphen in front, which a command line would take for an option.
    """
    while (made := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return made


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text; the prefix lets a scanner recognise a leak."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """Return what is stored of a random secret: SHA-256 is enough for 256 bits of entropy."""
    return hashlib.sha256(secret.encode()).digest()


def same(left: bytes | str, right: bytes | str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(_bytes(left), _bytes(right))


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


class MasterKey:
    """Seals what must be kept readable and derives the keys of everything else.

    Args:
        raw: at least 32 random bytes.
    """

    def __init__(self, raw: bytes) -> None:
        if len(raw) < SECRET_BYTES:
            raise ValueError("a master key has at least 32 bytes")
        self._raw = raw
        self._derived = lru_cache(maxsize=None)(self._derive)
        self._sealing = AESGCM(self._derived("seal"))

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"idp:" + purpose.encode()).derive(self._raw)

    def mac(self, purpose: str, message: bytes) -> bytes:
        """Return HMAC-SHA-256 under the key of `purpose`."""
        return hmac.digest(self._derived(purpose), message, "sha256")

    def fingerprint(self) -> str:
        """Return a value that tells two master keys apart and reveals neither."""
        return b64url(self.mac("fingerprint", b"")[:12])

    def seal(self, clear: bytes, context: str) -> bytes:
        """Return AES-256-GCM of `clear`, bound to `context` (which row, which column)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, clear, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed.

        Raises:
            ValueError: another key, another context, or changed bytes.
        """
        nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._sealing.decrypt(nonce, box, context.encode())
        except (InvalidTag, ValueError) as error:
            raise ValueError("the master key does not open this") from error
