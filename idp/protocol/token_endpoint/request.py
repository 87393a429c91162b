"""A token request whose client has proved to be the one it says (RFC 6749 §4.1.3, §6)."""

from dataclasses import dataclass

from idp.protocol.clients.metadata import Client
from idp.web.parameters import Parameters


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Who asks, with what; `jkt` is the key that the request was proved with (RFC 9449 §4)."""

    client: Client
    form: Parameters
    jkt: str | None = None
