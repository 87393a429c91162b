"""What a client checks of a logout token (OIDC Back-Channel Logout §2.6), step by step."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.kernel.clock import epoch, system_clock

EVENT = "http://schemas.openid.net/event/backchannel-logout"
ALGORITHMS = ["RS256"]
# How far clocks may differ, and how old a token may be, in seconds.
SKEW, OLDEST = 120, 600
MOST = 10_000
Keys = Callable[[bool], dict[str, Any]]


class NotALogoutToken(Exception):
    """It is refused; the text says by which step."""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose session is over: this one, or without a `sid` all of this person's."""

    sub: str | None
    sid: str | None
    jti: str


class Reader:
    """Reads the logout tokens of one client; `keys(anew)` returns the provider's JWK Set."""

    def __init__(self, issuer: str, client_id: str, keys: Keys) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = keys
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, token: str) -> LoggedOut | None:
        """Return what a token says; None when it was said before, which does no harm.

        Raises:
            NotALogoutToken: with the step that it fails.
        """
        header, claims = self._verified(token)
        if header.get("typ", "logout+jwt").lower() not in ("logout+jwt", "application/logout+jwt"):
            raise NotALogoutToken("typ")
        self._check_where_and_when(claims)
        sub, sid, jti = (claims.get(name) for name in ("sub", "sid", "jti"))
        if not (isinstance(sub, str) or isinstance(sid, str)):
            raise NotALogoutToken("sub or sid")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
            raise NotALogoutToken("events")
        if "nonce" in claims:
            # An ID token has one: it must not pass for this.
            raise NotALogoutToken("nonce")
        if not isinstance(jti, str):
            raise NotALogoutToken("jti")
        return LoggedOut(sub, sid, jti) if self._is_new(jti) else None

    def _verified(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return header and claims under a key of the provider, one that is newer than our copy."""
        for anew in (False, True):
            # Whoever cannot read the keys has not looked at the token: that is no refusal.
            known = self._keys(anew)
            try:
                keys = KeySet.import_key_set(known)  # type: ignore[arg-type]
                decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError, TypeError, UnicodeError):
                continue
            return dict(decoded.header), dict(decoded.claims)
        raise NotALogoutToken("signature")

    def _check_where_and_when(self, claims: dict[str, Any]) -> None:
        audience = claims.get("aud")
        if claims.get("iss") != self._issuer:
            raise NotALogoutToken("iss")
        if self._client_id not in (audience if isinstance(audience, list) else [audience]):
            raise NotALogoutToken("aud")
        now, issued, until = epoch(system_clock()), claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not now - OLDEST < issued < now + SKEW:
            raise NotALogoutToken("iat")
        if not isinstance(until, int) or until <= now - SKEW:
            raise NotALogoutToken("exp")

    def _is_new(self, jti: str) -> bool:
        with self._lock:
            if jti in self._seen:
                return False
            self._seen[jti] = epoch(system_clock())
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
            return True
