"""How we reach people, read from what the operator wrote: a mail relay, a sender, a gateway."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from idp.kernel.hosts import is_loopback


class Tls(StrEnum):
    """When a connection to the mail relay is encrypted."""

    FROM_THE_START = "from the start"
    STARTTLS = "STARTTLS"
    NONE = "none"


_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The server that takes our mail."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = ""


def relay(url: str) -> Relay:
    """Return the relay of `smtp://user:password@host:587` or `smtps://…:465`.

    Nothing is sent in the clear but to this machine (RFC 8314 §3).

    Raises:
        ValueError: it is no such URL.
    """
    parts, port = _split(url, tuple(_PORTS))
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("nothing comes after host and port")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("user and password come together")
    host = str(parts.hostname)
    starttls = Tls.NONE if is_loopback(host) else Tls.STARTTLS
    return Relay(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls=Tls.FROM_THE_START if parts.scheme == "smtps" else starttls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def sender(text: str) -> Address:
    """Return the one address in `name@host` or `Name <name@host>`.

    Raises:
        ValueError: it is not one.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = text
    except (ValueError, MessageError, IndexError):
        raise ValueError("name@host or Name <name@host>") from None
    header = message["From"]
    grouped = any(group.display_name is not None for group in header.groups)
    if header.defects or grouped or len(header.addresses) != 1:
        raise ValueError("name@host or Name <name@host>")
    address: Address
    (address,) = header.addresses
    if not address.username or not address.domain or not address.addr_spec.isascii():
        raise ValueError("name@host or Name <name@host>")
    return address


def check_gateway(url: str) -> None:
    """Let the URL of a text gateway pass: https, or http to this machine.

    Raises:
        ValueError: it is another one.
    """
    parts, _ = _split(url, ("https", "http"))
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("http is for loopback addresses only")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("the token has a setting of its own, and nothing comes after the query")


def _split(url: str, schemes: tuple[str, ...]) -> tuple[SplitResult, int | None]:
    """Return a URL's parts and port; what it said is not repeated, for it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("not a URL") from None
    if parts.scheme not in schemes or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError(f"{' or '.join(f'{each}://' for each in schemes)} and a host")
    return parts, port
