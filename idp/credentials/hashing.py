"""argon2id, a few at a time: a hash costs 18 ms of CPU and 19 MiB, and /token needs both."""

import secrets
import threading
from functools import cache

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from idp.credentials.password_rules import normalised

# OWASP's smallest argon2id: as strong as more memory with less time, and cheap enough to be served.
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1
_ARGON2 = argon2.PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody knows."""
    return _ARGON2.hash(secrets.token_bytes())


class PasswordHashing:
    """Hashes and verifies passwords, never more than `at_once` together.

    Whether there is a hash to compare with cannot be told from how long it takes.
    """

    def __init__(self, at_once: int) -> None:
        self._argon2 = _ARGON2
        self._turns = threading.BoundedSemaphore(at_once)
        self._nobodys = _nobodys()

    def hash(self, password: str) -> str:
        """Return the hash of a password with a new salt, in PHC format.

        Raises:
            ValueError: too long; `check_password` says so before.
        """
        text = normalised(password)
        if text is None:
            raise ValueError("too long for a password")
        with self._turns:
            return self._argon2.hash(_as_bytes(text))

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether `stored` is a hash of `password`; without one, take as long and say no."""
        text = normalised(password)
        if stored is None or text is None:
            self._matches(self._nobodys, "")
            return False
        return self._matches(stored, text)

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def _matches(self, stored: str, text: str) -> bool:
        with self._turns:
            try:
                return self._argon2.verify(stored, _as_bytes(text))
            except (VerificationError, InvalidHashError):
                return False


def _as_bytes(text: str) -> bytes:
    # A terminal hands over bytes that are no UTF-8 as surrogates: they belong to the password.
    return text.encode("utf-8", "surrogatepass")
