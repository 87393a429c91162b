"""WebAuthn ceremonies: a challenge that nobody stores until it is answered (WebAuthn §13.4.3).

Showing a sign-in page writes nothing: what the challenge is for travels in a signed ticket. With
the first answer, right or wrong, the challenge is burnt (I8).
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from idp.context import RequestContext
from idp.kernel import tickets
from idp.kernel.clock import from_epoch
from idp.kernel.encoding import b64url, json_bytes, unb64url
from idp.kernel.secrets import MasterKey, same
from idp.settings import Attestation
from idp.store import spent
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey

# EdDSA, ES256 and RS256 (Windows Hello), the best first: COSE algorithm identifiers.
ALGORITHMS = (-8, -7, -257)
_CHALLENGE_BYTES = 32
# A hint for the browser's dialogue; conditional mediation waits without one (WebAuthn §15.1).
_TIMEOUT = timedelta(minutes=5)
# Another node's clock may be behind the one that forgets burnt challenges.
_CLOCKS_DIFFER = timedelta(minutes=5)


class Purpose(StrEnum):
    """What a challenge is for; an answer to one is no answer to another."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    FACTOR = "factor"


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What the page needs: options for the browser, and a ticket that comes back beside its answer.

    `options` is JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` or
    `parseRequestOptionsFromJSON` (WebAuthn §5.1.9).
    """

    options: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge of ours that is answered for the first and only time."""

    value: str
    user_id: str | None
    verify: bool


class Unacceptable(Exception):
    """An answer that is refused; the reason is for logs and for the words on the page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def for_registration(
    ctx: RequestContext,
    user: User,
    own: Iterable[Passkey],
    bound_to: bytes,
    *,
    discoverable: bool,
) -> Ceremony:
    """Ask for a new credential, discoverable or as a second factor only (WebAuthn §5.4).

    User verification is only preferred, for an authenticator that cannot do it may still be a
    second factor; signing in by the passkey alone asks for it.
    """
    vouched = ctx.settings.webauthn_attestation is not Attestation.NONE
    return _ceremony(
        ctx,
        Purpose.REGISTER,
        bound_to,
        user_id=user.id,
        options={
            "rp": {"id": ctx.settings.rp_id, "name": ctx.settings.display_name},
            "user": {
                "id": b64url(user.id.encode()),
                "name": user.username,
                "displayName": user.display_name,
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
            "excludeCredentials": [_descriptor(each) for each in own],
            "authenticatorSelection": {
                "residentKey": "required" if discoverable else "discouraged",
                "requireResidentKey": discoverable,
                "userVerification": "preferred",
            },
            "attestation": "direct" if vouched else "none",
            "extensions": {"credProps": True},
        },
    )


def for_sign_in(ctx: RequestContext, bound_to: bytes) -> Ceremony:
    """Ask whoever is there for a passkey and for proof of who holds it (WebAuthn §5.5)."""
    return _ceremony(
        ctx, Purpose.SIGN_IN, bound_to, verify=True, options=_request(ctx, (), "required")
    )


def for_factor(
    ctx: RequestContext, user_id: str, own: Iterable[Passkey], bound_to: bytes, *, verify: bool
) -> Ceremony:
    """Ask a user whom we know for one of the user's passkeys.

    Beside a password possession is enough: then nobody is asked for a PIN too.
    """
    options = _request(ctx, own, "required" if verify else "discouraged")
    return _ceremony(ctx, Purpose.FACTOR, bound_to, user_id=user_id, verify=verify, options=options)


def _request(ctx: RequestContext, allowed: Iterable[Passkey], verification: str) -> dict[str, Any]:
    return {
        "rpId": ctx.settings.rp_id,
        "allowCredentials": [_descriptor(each) for each in allowed],
        "userVerification": verification,
    }


def _descriptor(passkey: Passkey) -> dict[str, Any]:
    said = {"transports": passkey.transports} if passkey.transports else {}
    return {"type": "public-key", "id": b64url(passkey.credential_id)} | said


def _ceremony(
    ctx: RequestContext,
    purpose: Purpose,
    bound_to: bytes,
    *,
    options: dict[str, Any],
    user_id: str | None = None,
    verify: bool = False,
) -> Ceremony:
    lifetime = ctx.settings.authorization_lifetime
    challenge = b64url(secrets.token_bytes(_CHALLENGE_BYTES))
    timeout = int(min(lifetime, _TIMEOUT).total_seconds() * 1000)
    content = {"c": challenge, "u": user_id, "v": verify, "b": b64url(bound_to)}
    return Ceremony(
        options=json_bytes({"challenge": challenge, "timeout": timeout} | options).decode(),
        ticket=tickets.issue(
            ctx.house.get(MasterKey), _signed_as(purpose), content, ctx.now + lifetime
        ),
    )


def redeem(ctx: RequestContext, purpose: Purpose, ticket: str, bound_to: bytes) -> Challenge:
    """Burn the challenge of a ticket and return what it was made for.

    Raises:
        Unacceptable: `challenge` when it is not ours, too old, or for another purpose; `browser`
            when another browser was given it; `replayed` when it was answered before.
    """
    content = tickets.read(ctx.house.get(MasterKey), _signed_as(purpose), ticket, ctx.now)
    if content is None:
        raise Unacceptable("challenge")
    if not same(unb64url(content["b"]), bound_to):
        raise Unacceptable("browser")
    until: datetime = from_epoch(content["exp"]) + _CLOCKS_DIFFER
    if not spent.burn(
        ctx.db, hashlib.sha256(b"webauthn:" + unb64url(content["c"])).digest(), until
    ):
        raise Unacceptable("replayed")
    return Challenge(value=content["c"], user_id=content["u"], verify=content["v"])


def _signed_as(purpose: Purpose) -> str:
    return f"passkey:{purpose}"
