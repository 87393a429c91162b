"""The provider's keys, found by its metadata, kept for a while (RFC 8414 §3, RFC 7517 §5)."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
from joserfc.errors import JoseError

from idp.kernel.jose import SIGNING_ALGORITHMS, SigningKey, import_key
from idp.resource_server.documents import Unreachable, check_url, fetch, new_client

WELL_KNOWN = "/.well-known/openid-configuration"
MAX_KEYS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long keys are kept.

    They are read again after `fresh_for`, and for a key that is not among them, but not more often
    than once in `pause`: a token with an invented `kid` must not make us knock at the provider.
    While it does not answer, what was read serves for `stale_for`; after that nothing is accepted.
    """

    fresh_for: timedelta = timedelta(minutes=5)
    pause: timedelta = timedelta(seconds=10)
    stale_for: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Reading:
    keys: dict[str, SigningKey] = field(default_factory=dict)
    at: datetime | None = None

    def younger(self, than: timedelta, now: datetime) -> bool:
        return self.at is not None and timedelta(0) <= now - self.at < than


class ProviderKeys:
    """The public keys of one provider; a reading is replaced whole, so readers need no lock."""

    def __init__(
        self,
        issuer: str,
        *,
        client: httpx2.Client | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Read nothing yet.

        Raises:
            ValueError: the issuer is neither https nor on this machine.
        """
        check_url(issuer, plain=True)
        self._issuer = issuer
        self._plain = issuer.startswith("http://")
        self._client = client or new_client()
        self._patience = patience or Patience()
        self._reading = _Reading()
        self._tried_at: datetime | None = None
        self._at_work = threading.Lock()

    def find(self, kid: str, now: datetime) -> SigningKey | None:
        """Return the key with this kid, as the provider publishes it.

        Raises:
            Unreachable: the keys are not known, or were read too long ago.
        """
        reading = self._reading
        if kid not in reading.keys or not reading.younger(self._patience.fresh_for, now):
            self._read_again(now)
            reading = self._reading
        if not reading.younger(self._patience.stale_for, now):
            raise Unreachable("the provider's keys are not known")
        return reading.keys.get(kid)

    def _read_again(self, now: datetime) -> None:
        """Read the keys; one thread reads while the others go on with what was read before."""
        if not self._at_work.acquire(blocking=self._reading.at is None):
            return
        try:
            tried = self._tried_at
            if tried is not None and timedelta(0) <= now - tried < self._patience.pause:
                return
            self._tried_at = now
            try:
                self._reading = _Reading(self._published(), now)
            except Unreachable:
                if not self._reading.younger(self._patience.stale_for, now):
                    raise
        finally:
            self._at_work.release()

    def _published(self) -> dict[str, SigningKey]:
        metadata = fetch(self._client, self._issuer + WELL_KNOWN)
        if metadata.get("issuer") != self._issuer:
            # RFC 8414 §3.3: else one provider could speak for another.
            raise Unreachable("the metadata is another issuer's")
        url = metadata.get("jwks_uri")
        try:
            check_url(str(url), plain=self._plain)
        except ValueError as error:
            raise Unreachable(f"jwks_uri: {error}") from error
        listed = fetch(self._client, str(url)).get("keys")
        if not isinstance(listed, list):
            raise Unreachable("no JWK Set")
        found = [key for jwk in listed[:MAX_KEYS] if (key := _key_of(jwk)) is not None]
        return {key.kid: key for key in found}


def _key_of(jwk: Any) -> SigningKey | None:
    """Return a key for signatures; one of another kind is passed over (RFC 7517 §5)."""
    if not isinstance(jwk, dict) or jwk.get("use") not in (None, "sig"):
        return None
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str) or algorithm not in SIGNING_ALGORITHMS:
        return None
    try:
        return SigningKey(kid, algorithm, import_key(algorithm, jwk))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
