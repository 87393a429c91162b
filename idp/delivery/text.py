"""Text messages by an HTTP gateway; its contract stands in docs/delivery.md."""

import re
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from idp.delivery.addresses import guard_for
from idp.delivery.outcome import Never, NotNow
from idp.delivery.outgoing import NotReached, Outgoing
from idp.delivery.parcel import Parcel
from idp.kernel.encoding import json_bytes
from idp.settings import Settings

TIMEOUT_SECONDS = 10
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class Gateway(Protocol):
    """What takes text messages to telephones."""

    def send(self, *, to: str, message: str, key: str) -> None:
        """Hand a message over; the same `key` again is the same message again.

        Raises:
            NotNow: another try may succeed.
            Never: no try will.
        """


class HttpGateway:
    """POSTs each message as JSON, with a bearer token (RFC 6750 §2.1)."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, *, to: str, message: str, key: str) -> None:
        """Hand a message over.

        Raises:
            NotNow: no answer, 408, 429, 5xx or a redirect.
            Never: any other 4xx.
        """
        body = json_bytes({"to": to, "message": message})
        said = {"Content-Type": "application/json", "Idempotency-Key": key, **self._headers}
        # It is the operator who says where codes go, so it may be a place that only we can reach.
        guard = guard_for(str(urlsplit(self._url).hostname))
        try:
            status = Outgoing(guard, TIMEOUT_SECONDS).post(self._url, body, said)
        except NotReached as error:
            raise NotNow(error.reason) from None
        if status // 100 == 2:
            return
        later = status // 100 != 4 or status in _LATER
        raise (NotNow if later else Never)(f"HTTP {status}")


def send(settings: Settings, parcel: Parcel) -> None:
    """Hand a text message to the gateway.

    Raises:
        NotNow: another try may succeed.
        Never: no try will.
    """
    if not settings.text_gateway_url:
        raise NotNow("not configured")
    to = dialled(parcel.payload["to"])
    if to is None:
        raise Never("recipient is not a number")
    token = settings.text_gateway_token
    gateway: Gateway = HttpGateway(
        settings.text_gateway_url, token.get_secret_value() if token else None
    )
    gateway.send(to=to, message=parcel.payload["message"], key=parcel.key)


def dialled(number: str) -> str | None:
    """Return a number as gateways want it, `+` and digits (ITU-T E.164); None when it is none."""
    digits = re.sub(r"[\s().\-/]", "", number)
    return digits if re.fullmatch(r"\+?[0-9]{5,15}", digits) else None
