"""Read a JWT access token, and believe nothing of it unproved (RFC 9068 §4, RFC 8725 §3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2

from idp.kernel.clock import Clock, from_epoch, system_clock
from idp.kernel.jose import SIGNING_ALGORITHMS, unverified_header, verify
from idp.resource_server.challenge import Challenge
from idp.resource_server.keys import Patience, ProviderKeys
from idp.resource_server.proofs import HttpRequest, ReplayMemory, Replays, check_possession

MAX_LENGTH = 8192
_TYPES = ("at+jwt", "application/at+jwt")
_SCHEME = re.compile(r"(bearer|dpop)(?: +|\Z)", re.IGNORECASE)
_NAMES = {"bearer": "Bearer", "dpop": "DPoP"}
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What a valid token says, at the instant at which it was read.

    `acr` and `auth_time` tell how surely and when the user signed in; a client's own token has
    neither. `jkt` is the key that its sender was seen to hold, None for a bearer token.
    `everything` holds all claims under their wire names.
    """

    subject: str
    client_id: str
    scope: frozenset[str]
    acr: str | None
    auth_time: datetime | None
    expires_at: datetime
    read_at: datetime
    everything: Mapping[str, Any]
    jkt: str | None = None


class AccessTokens:
    """Reads the access tokens that one provider issues for one audience."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithms: Sequence[str] = SIGNING_ALGORITHMS,
        leeway: timedelta = timedelta(seconds=10),
        patience: Patience | None = None,
        replays: Replays | None = None,
        client: httpx2.Client | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Take an `issuer` exactly as its metadata spells it, https or on this machine.

        Args:
            issuer: whose tokens are read.
            audience: what must stand in `aud`: this API, and no other.
            algorithms: by which a token may be signed.
            leeway: by how much the provider's clock may differ from ours.
            patience: how long its keys are kept.
            replays: where proofs are remembered; without it, in this process alone.
            client: for a proxy or a certificate authority of one's own.
            clock: what tells the time.

        Raises:
            ValueError: the issuer is not https, or an algorithm is none for signatures.
        """
        if not algorithms or not set(algorithms) <= set(SIGNING_ALGORITHMS):
            raise ValueError(f"algorithms: of {', '.join(SIGNING_ALGORITHMS)}")
        self._issuer = issuer
        self._audience = audience
        self._algorithms = tuple(algorithms)
        self._leeway = leeway
        self._clock = clock
        self._replays = ReplayMemory() if replays is None else replays
        self._keys = ProviderKeys(issuer, client=client, patience=patience)

    def read(self, authorization: str | None, request: HttpRequest | None = None) -> AccessClaims:
        """Return what the token in an `Authorization` header says.

        A token that is bound to a key is read with the `request` that it came with, under the
        scheme DPoP, and never as a bearer token: that would make the binding worth nothing
        (RFC 9449 §7.2). Without a `request` only bearer tokens are taken.

        Raises:
            Challenge: no token, or one that is not valid here; answer with it.
            Unreachable: the provider's keys cannot be had; answer 503.
        """
        scheme = _SCHEME.match(authorization or "")
        used = _NAMES[scheme[1].lower()] if scheme else "Bearer"
        token = (authorization or "")[scheme.end() :].rstrip(" ") if scheme else ""
        takes = ("Bearer",) if request is None else ("Bearer", "DPoP")
        schemes = sorted(takes, key=lambda scheme: scheme != used)
        if not token or used not in takes:
            raise Challenge(None, "no token", schemes=schemes)
        try:
            return self._read(token, used, request)
        except Challenge as refusal:
            refusal.schemes = tuple(schemes)
            raise

    def _read(self, token: str, scheme: str, request: HttpRequest | None) -> AccessClaims:
        if len(token) > MAX_LENGTH or not _TOKEN.match(token):
            raise Challenge("invalid_token", "malformed")
        now = self._clock()
        claims = self._judged(self._signed(token, now), now)
        if (scheme == "DPoP") is not (claims.jkt is not None):
            # Taken as a bearer token, a bound one would be worth as much to a thief.
            raise Challenge("invalid_token", f"{scheme}, bound to {claims.jkt}")
        if request is not None and claims.jkt is not None:
            check_possession(token, claims.jkt, request, self._replays, now)
        return claims

    def _signed(self, token: str, now: datetime) -> dict[str, Any]:
        """Return the claims that the provider has signed as an access token."""
        header = unverified_header(token)
        if header is None:
            raise Challenge("invalid_token", "no JWT")
        kid, algorithm = header.get("kid"), header.get("alg")
        if str(header.get("typ")).lower() not in _TYPES:
            # An ID token is signed by the same keys: only its type tells it apart.
            raise Challenge("invalid_token", "no access token")
        if algorithm not in self._algorithms or not isinstance(kid, str) or "crit" in header:
            raise Challenge("invalid_token", "alg, kid or crit")
        key = self._keys.find(kid, now)
        if key is None or key.algorithm != algorithm:
            raise Challenge("invalid_token", "unknown key")
        claims = verify(token, key)
        if claims is None:
            raise Challenge("invalid_token", "signature")
        return claims

    def _judged(self, claims: dict[str, Any], now: datetime) -> AccessClaims:
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._issuer or self._audience not in named:
            raise Challenge("invalid_token", "another issuer or audience")
        expires, issued = _instant(claims.get("exp")), _instant(claims.get("iat"))
        begins = _instant(claims["nbf"]) if "nbf" in claims else issued
        if expires is None or issued is None or begins is None:
            raise Challenge("invalid_token", "exp, iat or nbf")
        if now >= expires + self._leeway or max(issued, begins) > now + self._leeway:
            raise Challenge("invalid_token", "expired or not valid yet")
        subject, client_id = claims.get("sub"), claims.get("client_id")
        if not all(isinstance(v, str) and v for v in (subject, client_id, claims.get("jti"))):
            raise Challenge("invalid_token", "sub, client_id or jti")
        bound = claims.get("cnf")
        jkt = bound.get("jkt") if isinstance(bound, dict) else None
        if "cnf" in claims and not isinstance(jkt, str):
            # Bound to something that we cannot ask for (RFC 7800 §3.1).
            raise Challenge("invalid_token", "cnf")
        acr, scope = claims.get("acr"), claims.get("scope")
        return AccessClaims(
            subject=str(subject),
            client_id=str(client_id),
            scope=frozenset(scope.split(" ")) - {""} if isinstance(scope, str) else frozenset(),
            acr=acr if isinstance(acr, str) else None,
            auth_time=_instant(claims.get("auth_time")),
            expires_at=expires,
            read_at=now,
            everything=claims,
            jkt=jkt,
        )


def _instant(value: object) -> datetime | None:
    """Return the instant of a NumericDate (RFC 7519 §2); None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return from_epoch(value)
    except (ValueError, OverflowError, OSError):
        return None
