"""The keys as this process knows them, imported once, looked up by algorithm or by kid."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from idp.kernel.encoding import json_bytes
from idp.kernel.errors import SetupFault
from idp.kernel.jose import SigningKey


@dataclass(frozen=True, slots=True)
class Keys:
    """One reading of the keys."""

    active: dict[str, SigningKey] = field(default_factory=dict)
    published: dict[str, SigningKey] = field(default_factory=dict)
    jwks: bytes = b'{"keys":[]}'

    @classmethod
    def of(cls, published: list[SigningKey], active: set[str]) -> "Keys":
        """Return the reading in which the kids in `active` sign."""
        return cls(
            active={key.algorithm: key for key in published if key.kid in active},
            published={key.kid: key for key in published},
            jwks=json_bytes({"keys": [key.public_jwk() for key in published]}),
        )


class Keyring:
    """Holds the newest reading; a reading is replaced whole, so readers need no lock.

    Attributes:
        read_at: an instant before the reading, never after it; None: to be read before use.
        reading: held by the thread that reads.
        attempts: how often it was read or tried to be.
        failed_at: when the last attempt found the database away; None when it did not.
    """

    def __init__(self) -> None:
        self.keys = Keys()
        self.read_at: datetime | None = None
        self.reading = threading.Lock()
        self.attempts = 0
        self.failed_at: datetime | None = None
        self.imported: dict[str, SigningKey] = {}

    def signer(self, algorithm: str) -> SigningKey:
        """Return the key that signs now.

        Raises:
            SetupFault: there is none for this algorithm.
        """
        try:
            return self.keys.active[algorithm]
        except KeyError as error:
            raise SetupFault(f"no active {algorithm} key: run `idp migrate`") from error

    def verifier(self, kid: object) -> SigningKey | None:
        """Return the published key with this kid."""
        return self.keys.published.get(kid) if isinstance(kid, str) else None

    def stale(self, now: datetime, after: timedelta) -> bool:
        """Tell whether the reading is older than `after`, or newer than a clock set back."""
        return self.read_at is None or not timedelta(0) <= now - self.read_at < after

    def forget(self) -> None:
        """Have the keys read before their next use: what an earlier reading holds is over."""
        with self.reading:  # a reading under way may hold it too
            self.read_at = None
