"""One-time codes of an authenticator app (RFC 6238): each step is accepted once ever (I8)."""

import html
import re
from base64 import b32encode
from datetime import datetime

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from idp.audit import record
from idp.audit.account_events import TotpRenamed
from idp.audit.events import TotpAccepted, TotpAdded, TotpRemoved
from idp.context import RequestContext
from idp.credentials.names import displayable, free_name
from idp.kernel.encoding import b64url
from idp.kernel.secrets import MasterKey
from idp.store import totp_authenticators, users
from idp.store.totp_authenticators import TotpAuthenticator

# One step of 30 s back and one ahead, for the clock of a phone and the hands of a person (§5.2).
_STEPS_AROUND = 1
MAX_AUTHENTICATORS = 10


def secret_from(derived: bytes) -> str:
    """Return a shared secret made of 160 bits that somebody else derived."""
    return b32encode(derived[:20]).decode("ascii")


def manual_key(secret: str) -> str:
    """Return the secret in groups of four, to be typed."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def provisioning_uri(secret: str, account: str, issuer_name: str) -> str:
    """Return the `otpauth:` URI that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=_label(account), issuer_name=_label(issuer_name)
    )


def _label(text: str) -> str:
    """Return what fits a label: a colon separates its halves, and a QR code holds only so much."""
    return displayable(text.replace(":", " ")) or "-"


def qr_svg(uri: str, *, label: str) -> str:
    """Return a QR code as SVG for an HTML page: it scales, and styles nothing inline.

    Dark on light in any theme: many apps cannot read the inverse.
    """
    code = segno.make(uri, error="l", boost_error=False, micro=False)
    svg = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr")
    return str(svg).replace("<svg", f'<svg role="img" aria-label="{html.escape(label)}"', 1)


def add(ctx: RequestContext, user_id: str, name: str, secret: str, code: str) -> str | None:
    """Return the id of the authenticator that the code confirmed; None when the code is wrong.

    Nor is there one more where there are enough.
    """
    step = matching_step(secret, code, ctx.now)
    if step is None:
        return None
    # Two confirmations at once would each miss the other: the user's row is their queue.
    users.hold(ctx.db, user_id)
    own = list_for(ctx, user_id)
    if len(own) >= MAX_AUTHENTICATORS:
        return None
    master = ctx.house.get(MasterKey)
    # One secret, one row: a form sent twice must not leave two rows that take the same code.
    authenticator_id = b64url(master.mac("totp", f"{user_id}:{secret}".encode())[:16])
    added = totp_authenticators.add(
        ctx.db,
        TotpAuthenticator(
            id=authenticator_id,
            user_id=user_id,
            name=free_name(displayable(name), {each.name for each in own}),
            secret_sealed=master.seal(secret.encode(), _context(authenticator_id)),
            last_timecode=step,
            created_at=ctx.now,
            last_used_at=ctx.now,
        ),
    )
    if not added:
        return None
    record(ctx, TotpAdded(user_id=user_id, authenticator_id=authenticator_id))
    return authenticator_id


def verify(ctx: RequestContext, user_id: str, code: str) -> bool:
    """Accept a code of any of the user's authenticators, unless its step is burnt."""
    master = ctx.house.get(MasterKey)
    for each in totp_authenticators.list_of_user(ctx.db, user_id):
        secret = master.open(each.secret_sealed, _context(each.id)).decode()
        step = matching_step(secret, code, ctx.now)
        if step is not None and totp_authenticators.burn_step(ctx.db, each.id, step, ctx.now):
            record(ctx, TotpAccepted(user_id=user_id, authenticator_id=each.id))
            return True
    return False


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a code belongs to, however it is spaced; None when it is wrong."""
    digits = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            digits, for_time=now, valid_window=_STEPS_AROUND
        )
    except OTPVerificationError:
        return None


def _context(authenticator_id: str) -> str:
    return f"totp:{authenticator_id}"


def list_for(ctx: RequestContext, user_id: str) -> list[TotpAuthenticator]:
    """Return a user's authenticators, the oldest first."""
    return totp_authenticators.list_of_user(ctx.db, user_id)


def rename(ctx: RequestContext, user_id: str, authenticator_id: str, name: str) -> bool:
    """Name an authenticator; False when there is no such one or the name is empty."""
    shown = displayable(name)
    if not shown or authenticator_id not in {each.id for each in list_for(ctx, user_id)}:
        return False
    if totp_authenticators.rename(ctx.db, user_id, authenticator_id, shown):
        record(ctx, TotpRenamed(user_id=user_id, authenticator_id=authenticator_id))
    return True


def remove(ctx: RequestContext, user_id: str, authenticator_id: str) -> bool:
    """Forget an authenticator; False when the user has no such one."""
    if authenticator_id not in {each.id for each in list_for(ctx, user_id)}:
        return False
    if not totp_authenticators.remove(ctx.db, user_id, authenticator_id):
        return False
    record(ctx, TotpRemoved(user_id=user_id, authenticator_id=authenticator_id))
    return True
