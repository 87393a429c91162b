"""Passkeys and security keys (WebAuthn Level 3): bind them, and take their word once (I8).

Every `finish_` burns its challenge with the first answer and says why an answer was refused; a
refusal leaves nothing else behind but the mark of a counter that ran backwards.
"""

from dataclasses import dataclass

import structlog

from idp.audit import record
from idp.audit.passkey_events import (
    PasskeyAccepted,
    PasskeyAcknowledged,
    PasskeyAdded,
    PasskeyBackupChanged,
    PasskeyRemoved,
    PasskeyRenamed,
    PasskeySuspected,
)
from idp.context import RequestContext
from idp.credentials import answers, attestation, ceremonies
from idp.credentials.answers import Assertion, NewCredential
from idp.credentials.ceremonies import Ceremony, Challenge, Purpose, Unacceptable
from idp.credentials.names import displayable, free_name
from idp.credentials.notices import Notice, tell
from idp.kernel.secrets import new_id
from idp.store import users, webauthn_credentials
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey

log = structlog.get_logger("idp")
MAX_PASSKEYS = 20
_LONGEST_DETAIL = 200
_ROAMING = {"ble", "nfc", "usb"}


@dataclass(frozen=True, slots=True)
class Shown:
    """Who proved to hold which passkey; `amr` names how (RFC 8176 §2, and `pop`)."""

    user_id: str
    passkey_id: str
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer proves nothing; `reason` is for logs and for the words on the page."""

    reason: str


def begin_registration(
    ctx: RequestContext, user: User, bound_to: bytes, *, discoverable: bool = True
) -> Ceremony:
    """Return what the browser needs to make a passkey for a user; nothing is written.

    Chromium makes discoverable credentials only where the user is verified: for a security key
    without a PIN it has to be asked for one that is not, which is a second factor and no more.
    """
    own = list_for(ctx, user.id)
    return ceremonies.for_registration(ctx, user, own, bound_to, discoverable=discoverable)


def finish_registration(
    ctx: RequestContext,
    user: User,
    ticket: str,
    credential_json: str,
    bound_to: bytes,
    *,
    name: str = "",
) -> Passkey | Refused:
    """Bind the passkey that an authenticator made to the user (WebAuthn §7.1)."""
    try:
        challenge = ceremonies.redeem(ctx, Purpose.REGISTER, ticket, bound_to)
        _check_same(challenge, user.id)
        made = answers.read_registration(ctx.settings, challenge, credential_json)
        trusted = attestation.is_trusted(ctx.settings, made)
        return _bind(ctx, user, made, name, trusted=trusted)
    except Unacceptable as refusal:
        return _refused(ctx, Purpose.REGISTER, refusal, user.id)


def _bind(
    ctx: RequestContext, user: User, made: NewCredential, name: str, *, trusted: bool
) -> Passkey:
    # Two registrations at once would each miss the other: the user's row is their queue.
    users.hold(ctx.db, user.id)
    if users.find(ctx.db, user.id) is None:
        raise Unacceptable("unknown_user")
    own = list_for(ctx, user.id)
    if len(own) >= MAX_PASSKEYS:
        raise Unacceptable("too_many")
    flags = made.data.flags
    passkey = Passkey(
        id=new_id(),
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.data.sign_count,
        aaguid=made.aaguid,
        transports=made.transports,
        backup_eligible=flags.be,
        backed_up=flags.bs,
        verifies_user=flags.uv,
        attestation=str(made.attestation.fmt),
        # What may be copied to other devices is no hardware, whoever vouches for it.
        hardware=trusted and not flags.be,
        name=free_name(displayable(name) or _kind_name(made), {each.name for each in own}),
        created_at=ctx.now,
    )
    if not webauthn_credentials.add(ctx.db, passkey):
        raise Unacceptable("duplicate")
    record(
        ctx,
        PasskeyAdded(
            user_id=user.id,
            passkey_id=passkey.id,
            aaguid=passkey.aaguid,
            attestation=passkey.attestation,
            hardware=passkey.hardware,
            backup_eligible=passkey.backup_eligible,
        ),
    )
    return passkey


def begin_sign_in(ctx: RequestContext, bound_to: bytes) -> Ceremony:
    """Return what the browser needs to sign in by a passkey alone; nothing is written."""
    return ceremonies.for_sign_in(ctx, bound_to)


def finish_sign_in(
    ctx: RequestContext, ticket: str, credential_json: str, bound_to: bytes
) -> Shown | Refused:
    """Say who signs in, the user having been verified by the authenticator (WebAuthn §7.2)."""
    try:
        challenge = ceremonies.redeem(ctx, Purpose.SIGN_IN, ticket, bound_to)
        return _accept(ctx, challenge, credential_json)
    except Unacceptable as refusal:
        return _refused(ctx, Purpose.SIGN_IN, refusal, None)


def begin_factor(ctx: RequestContext, user_id: str, bound_to: bytes, *, verify: bool) -> Ceremony:
    """Return what the browser needs to ask a known user for a passkey; nothing is written.

    With `verify` possession is not enough: the authenticator has to verify the user.
    """
    own = list_for(ctx, user_id)
    return ceremonies.for_factor(ctx, user_id, own, bound_to, verify=verify)


def finish_factor(
    ctx: RequestContext, user_id: str, ticket: str, credential_json: str, bound_to: bytes
) -> Shown | Refused:
    """Say by which passkey the user proved to be there (WebAuthn §7.2)."""
    try:
        challenge = ceremonies.redeem(ctx, Purpose.FACTOR, ticket, bound_to)
        _check_same(challenge, user_id)
        return _accept(ctx, challenge, credential_json)
    except Unacceptable as refusal:
        return _refused(ctx, Purpose.FACTOR, refusal, user_id)


def _check_same(challenge: Challenge, user_id: str) -> None:
    if challenge.user_id != user_id:
        raise Unacceptable("foreign_user")


def _accept(ctx: RequestContext, challenge: Challenge, credential_json: str) -> Shown:
    assertion = answers.read_assertion(ctx.settings, challenge, credential_json)
    passkey = webauthn_credentials.find(ctx.db, assertion.credential_id)
    if passkey is None:
        raise Unacceptable("unknown_credential")
    _check_owner(challenge, assertion, passkey)
    answers.verify_assertion(ctx.settings, challenge, assertion, passkey.public_key)
    flags = assertion.data.flags
    if flags.be is not passkey.backup_eligible:
        raise Unacceptable("backup_flags")
    _advance(ctx, passkey, assertion.data.sign_count)
    if webauthn_credentials.note_backup(ctx.db, passkey.id, backed_up=flags.bs):
        record(
            ctx,
            PasskeyBackupChanged(
                user_id=passkey.user_id, passkey_id=passkey.id, backed_up=flags.bs
            ),
        )
    record(
        ctx,
        PasskeyAccepted(user_id=passkey.user_id, passkey_id=passkey.id, user_verified=flags.uv),
    )
    return Shown(passkey.user_id, passkey.id, _methods(passkey, verified=flags.uv))


def _check_owner(challenge: Challenge, assertion: Assertion, passkey: Passkey) -> None:
    """Refuse somebody else's passkey; alone, it has to name its user itself (WebAuthn §7.2)."""
    owner = passkey.user_id.encode()
    handle = assertion.user_handle
    if challenge.user_id is None:
        if handle != owner:
            raise Unacceptable("foreign_user")
    elif challenge.user_id != passkey.user_id or handle not in (None, owner):
        raise Unacceptable("foreign_user")


def _advance(ctx: RequestContext, passkey: Passkey, sign_count: int) -> None:
    """Move the counter on, or mark the passkey: somebody may hold a copy (WebAuthn §6.1.1).

    A copy and the original cannot be told apart. The assertion is refused, the next one with a
    higher counter is accepted again, and the mark stays until its owner takes it away.
    """
    if webauthn_credentials.advance(ctx.db, passkey.id, sign_count, ctx.now):
        return
    if not webauthn_credentials.suspect(ctx.db, passkey.id, ctx.now):
        raise Unacceptable("unknown_credential")
    record(
        ctx,
        PasskeySuspected(
            user_id=passkey.user_id,
            passkey_id=passkey.id,
            presented=sign_count,
            stored=passkey.sign_count,
        ),
    )
    owner = users.find(ctx.db, passkey.user_id)
    if owner is not None:
        tell(ctx, owner, Notice.PASSKEY_SUSPECTED, name=passkey.name)
    raise Unacceptable("counter")


def _methods(passkey: Passkey, *, verified: bool) -> tuple[str, ...]:
    unattested = "swk" if passkey.backup_eligible else "pop"
    kind = "hwk" if passkey.hardware else unattested
    return (kind, "uv") if verified else (kind,)


def _refused(
    ctx: RequestContext, purpose: Purpose, refusal: Unacceptable, user_id: str | None
) -> Refused:
    log.info(
        "passkey_refused",
        purpose=str(purpose),
        reason=refusal.reason,
        detail=ascii(refusal.__cause__)[:_LONGEST_DETAIL],  # a stranger had a hand in its text
        user_id=user_id,
        reference=ctx.reference,
    )
    return Refused(refusal.reason)


def list_for(ctx: RequestContext, user_id: str) -> list[Passkey]:
    """Return a user's passkeys, the oldest first."""
    return webauthn_credentials.list_of_user(ctx.db, user_id)


def rename(ctx: RequestContext, user_id: str, passkey_id: str, name: str) -> bool:
    """Name a passkey; False when there is no such one or the name is empty."""
    shown = displayable(name)
    if not shown or passkey_id not in {each.id for each in list_for(ctx, user_id)}:
        return False
    if webauthn_credentials.rename(ctx.db, user_id, passkey_id, shown):
        record(ctx, PasskeyRenamed(user_id=user_id, passkey_id=passkey_id))
    return True


def acknowledge(ctx: RequestContext, user_id: str, passkey_id: str) -> bool:
    """Clear the mark of a passkey whose owner knows why; False when there is none."""
    if passkey_id not in {each.id for each in list_for(ctx, user_id)}:
        return False
    if not webauthn_credentials.acknowledge(ctx.db, user_id, passkey_id):
        return False
    record(ctx, PasskeyAcknowledged(user_id=user_id, passkey_id=passkey_id))
    return True


def remove(ctx: RequestContext, user_id: str, passkey_id: str) -> bool:
    """Forget a passkey; False when the user has no such one."""
    if passkey_id not in {each.id for each in list_for(ctx, user_id)}:
        return False
    if not webauthn_credentials.remove(ctx.db, user_id, passkey_id):
        return False
    record(ctx, PasskeyRemoved(user_id=user_id, passkey_id=passkey_id))
    return True


def _kind_name(made: NewCredential) -> str:
    roams = set(made.transports) <= _ROAMING
    return "Security key" if made.transports and roams else "Passkey"
