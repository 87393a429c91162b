"""What a request shows beside a token that is bound to a key (RFC 9449 §7), and what was seen."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from idp.kernel.dpop_proof import AHEAD, BACK, BadProof, check_proof
from idp.resource_server.challenge import Challenge

# A proof is good for this long at most, and a little longer where clocks differ.
_LONGEST = BACK + 2 * AHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """The request that a token came with.

    `url` is the one under which clients know the API, of configured scheme and host: a `Host`
    header is the sender's own word. `proofs` are the values of all its `DPoP` headers.
    """

    method: str
    url: str
    proofs: Sequence[str]


class Replays(Protocol):
    """Remembers proofs: one memory for all processes of an API, if there are several."""

    def burn(self, key: bytes, *, until: datetime, now: datetime) -> bool:
        """Remember `key` until then; False when it is known already, or cannot be remembered."""


class ReplayMemory:
    """The proofs that this process has seen, in two halves, of which the older is thrown away.

    Full, it refuses: whoever could make it forget could replay. Only proofs that came with a valid
    token get in.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._newer: set[bytes] = set()
        self._older: set[bytes] = set()
        self._turn_at: datetime | None = None

    def burn(self, key: bytes, *, until: datetime, now: datetime) -> bool:
        """Remember a proof while it is good; False when it is known, or there is no room."""
        del until
        with self._lock:
            self._turn(now)
            if key in self._newer or key in self._older or len(self._newer) >= self._capacity:
                return False
            self._newer.add(key)
            return True

    def _turn(self, now: datetime) -> None:
        if self._turn_at is None or now >= self._turn_at + _LONGEST:
            self._newer, self._older = set(), set()
        elif now >= self._turn_at:
            self._newer, self._older = set(), self._newer
        else:
            return
        self._turn_at = now + _LONGEST


def check_possession(
    token: str, jkt: str, request: HttpRequest, replays: Replays, now: datetime
) -> None:
    """Let a token pass whose sender holds the key that it is bound to (RFC 9449 §7.1).

    Raises:
        Challenge: `invalid_dpop_proof`, or `invalid_token` for the token of another key.
    """
    try:
        proof = check_proof(
            request.proofs, method=request.method, url=request.url, now=now, access_token=token
        )
    except BadProof as error:
        raise Challenge("invalid_dpop_proof", error.reason) from error
    if proof.jkt != jkt:
        raise Challenge("invalid_token", "bound to another key")
    if not replays.burn(proof.key, until=proof.until, now=now):
        raise Challenge("invalid_dpop_proof", "used before")
