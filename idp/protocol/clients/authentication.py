"""Client authentication (RFC 6749 §2.3): exactly one method, and the registered one."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus

from idp.context import RequestContext
from idp.kernel.secrets import digest, same
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import Client
from idp.protocol.errors import InvalidClient, InvalidRequest
from idp.web.parameters import Parameters

MAX_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows of its client."""

    client_id: str
    secret: str | None
    method: str


def read_credentials(authorization: str | None, form: Parameters) -> Credentials:
    """Return what was shown.

    Raises:
        InvalidClient: nothing was, or the header cannot be read.
        InvalidRequest: two methods at once.
    """
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if form.refused & {"client_id", "client_secret"}:
        raise InvalidRequest
    if authorization is not None:
        if secret is not None:
            raise InvalidRequest("More than one client authentication method was used.")
        credentials = read_basic(authorization)
        if client_id is not None and client_id != credentials.client_id:
            raise InvalidRequest("client_id differs from the Authorization header.")
        return credentials
    if client_id is None:
        raise InvalidClient("no client_id")
    if secret is not None:
        return Credentials(client_id, secret, "client_secret_post")
    return Credentials(client_id, None, "none")


def read_basic(header: str) -> Credentials:
    """Return what a Basic header says: id and secret, each form-encoded (RFC 6749 §2.3.1).

    Raises:
        InvalidClient: another scheme, or not of this form.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > MAX_HEADER:
        raise InvalidClient("no Basic header")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
        quoted_id, separator, quoted_secret = text.partition(":")
        client_id = unquote_plus(quoted_id, errors="strict")
        secret = unquote_plus(quoted_secret, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise InvalidClient("unreadable Basic header") from error
    if not separator or not client_id or "\0" in client_id:
        raise InvalidClient("unreadable Basic header")
    return Credentials(client_id, secret, "client_secret_basic")


def authenticate_client(
    ctx: RequestContext, authorization: str | None, form: Parameters, *, newest: bool = False
) -> Client:
    """Return the client that proved to be the one it says; `newest`: never by a cached copy.

    Raises:
        InvalidClient: unknown, wrong secret, or another method than the registered one.
        InvalidRequest: two methods at once.
    """
    shown = read_credentials(authorization, form)
    cached = None if newest else registry.find(ctx, shown.client_id)
    if cached is not None and not cached.disabled and _proves(cached, shown):
        return cached
    # The copy may be older than a new secret.
    client = registry.find_newest(ctx, shown.client_id)
    if client is None or client.disabled or not _proves(client, shown):
        raise InvalidClient("unknown client, wrong secret or method")
    return client


def _proves(client: Client, shown: Credentials) -> bool:
    if client.metadata.token_endpoint_auth_method != shown.method:
        return False
    if client.public:
        return True
    return (
        client.secret_hash is not None
        and shown.secret is not None
        and same(_digest(shown.secret), client.secret_hash)
    )


def _digest(secret: str) -> bytes:
    return digest(secret.encode("utf-8", "replace").decode())
