"""Queue mail, text messages and work in the caller's transaction: a rollback queues nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.context import RequestContext
from idp.delivery import parcel
from idp.delivery.parcel import MAIL, SENT, TEXT
from idp.kernel.secrets import MasterKey
from idp.store import outbox
from idp.store.outbox import Written


def mail(
    ctx: RequestContext,
    *,
    to: str,
    subject: str,
    text: str,
    about: str,
    good_until: datetime | None = None,
) -> None:
    """Queue a mail; nothing is queued where no mail is sent.

    Args:
        ctx: the request.
        to: one address.
        subject: one line.
        text: plain text.
        about: what is delivered in order, such as the user's id; never an address.
        good_until: from then on it is not sent any more.
    """
    if ctx.settings.sends_mail:
        payload = {"to": to, "subject": subject, "text": text}
        _queue(ctx, MAIL, payload, about=about, good_until=good_until)


def text(
    ctx: RequestContext,
    *,
    to: str,
    message: str,
    about: str,
    good_until: datetime | None = None,
) -> None:
    """Queue a text message; nothing is queued where there is no gateway."""
    if ctx.settings.text_gateway_url:
        payload = {"to": to, "message": message}
        _queue(ctx, TEXT, payload, about=about, good_until=good_until)


def deferred(
    ctx: RequestContext,
    kind: str,
    payload: dict[str, str],
    *,
    about: str,
    good_until: datetime | None = None,
) -> None:
    """Queue work for the handler of `kind`: one row, whatever the handler will find.

    Raises:
        ValueError: the kind is one that is sent, not worked out.
    """
    if kind in SENT:
        raise ValueError(kind)
    _queue(ctx, kind, payload, about=about, good_until=good_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToClient:
    """Something to tell a client; `about` is what is delivered in order, `sid` what it is about."""

    client_id: str
    about: str
    sid: str
    payload: dict[str, str]


def to_clients(ctx: RequestContext, kind: str, words: Sequence[ToClient]) -> None:
    """Queue what clients are to be told: a row for each, one statement for all."""
    if words:
        outbox.add(
            ctx.db,
            [
                Written(
                    kind=kind,
                    subject=each.about,
                    payload_sealed=_sealed(ctx, kind, each.payload, about=each.about),
                    sid=each.sid,
                    client_id=each.client_id,
                )
                for each in words
            ],
            ctx.now,
        )


def withdraw(ctx: RequestContext, kind: str, *, about: str) -> None:
    """Forget what waits about this and has been overtaken; what is on its way may still arrive."""
    outbox.withdraw(ctx.db, kind, about, ctx.now)


def _queue(
    ctx: RequestContext,
    kind: str,
    payload: dict[str, str],
    *,
    about: str,
    good_until: datetime | None,
) -> None:
    box = _sealed(ctx, kind, payload, about=about, good_until=good_until)
    outbox.add(ctx.db, [Written(kind=kind, subject=about, payload_sealed=box)], ctx.now)


def _sealed(
    ctx: RequestContext,
    kind: str,
    payload: dict[str, str],
    *,
    about: str,
    good_until: datetime | None = None,
) -> bytes:
    return parcel.sealed(
        ctx.house.get(MasterKey),
        payload,
        kind=kind,
        subject=about,
        created_at=ctx.now,
        good_until=good_until,
    )
