"""Register, change and remove clients."""

from dataclasses import dataclass

from idp.audit import record
from idp.audit.events import ClientCreated, ClientDeleted, ClientSecretRotated
from idp.context import RequestContext
from idp.kernel.errors import IdpError
from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.kernel.secrets import digest, new_id, new_secret
from idp.protocol import scopes
from idp.protocol.clients.metadata import (
    AUTHENTICATION_METHODS,
    GRANT_TYPES,
    Client,
    ClientMetadata,
    client_of,
)
from idp.protocol.clients.redirect_uris import fault_of
from idp.protocol.clients.registry import ClientCache
from idp.protocol.profiles import PROFILES
from idp.store import clients
from idp.store.clients import ClientRow

SECRET_PREFIX = "idp_cs_"  # noqa: S105 - what makes a leaked secret recognisable


class MetadataRefused(IdpError):
    """The metadata cannot be registered; `faults` says why, a line each."""

    public = "The client metadata is not valid."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NoSuchClient(IdpError):
    """There is no client of this id."""

    public = "There is no such client."
    status = 404


@dataclass(frozen=True, slots=True)
class Registered:
    """A client and, this once, its secret."""

    client: Client
    secret: str | None


def faults_of(metadata: ClientMetadata) -> list[str]:
    """Return everything that is wrong with the metadata."""
    faults = []
    if not metadata.client_name.strip() or len(metadata.client_name) > 200:
        faults.append("name: needed, at most 200 characters")
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(metadata, field):
            fault = fault_of(uri)
            if fault:
                faults.append(f"{field}: {uri!r} {fault}")
    if metadata.token_endpoint_auth_method not in AUTHENTICATION_METHODS:
        faults.append(f"auth method: one of {', '.join(AUTHENTICATION_METHODS)}")
    unknown = sorted(set(metadata.grant_types) - set(GRANT_TYPES))
    if unknown or not metadata.grant_types:
        faults.append(f"grant: one or more of {', '.join(GRANT_TYPES)}")
    if "authorization_code" in metadata.grant_types and not metadata.redirect_uris:
        faults.append("redirect_uris: the authorization_code grant needs one")
    public = metadata.token_endpoint_auth_method == "none"  # noqa: S105 - a method's name
    if public and "client_credentials" in metadata.grant_types:
        faults.append("grant: client_credentials needs a client secret (RFC 6749 §4.4)")
    for scope in metadata.scope:
        if not scope or any(c in scope for c in ' "\\') or not scope.isascii():
            faults.append(f"scope: {scope!r} is no scope token (RFC 6749 §3.3)")
    if metadata.id_token_signed_response_alg not in SIGNING_ALGORITHMS:
        faults.append(f"id token algorithm: one of {', '.join(SIGNING_ALGORITHMS)}")
    if metadata.default_max_age is not None and metadata.default_max_age < 0:
        faults.append("default max age: seconds, not negative")
    if metadata.profile not in PROFILES:
        faults.append(f"profile: one of {', '.join(PROFILES)}")
    for field in ("client_uri", "logo_uri", "policy_uri", "tos_uri"):
        uri = getattr(metadata, field)
        if uri is not None and (not uri.startswith("https://") or fault_of(uri)):
            faults.append(f"{field}: an https URL is needed")
    return faults


def create(ctx: RequestContext, metadata: ClientMetadata) -> Registered:
    """Register a client.

    Raises:
        MetadataRefused: with every fault at once.
    """
    faults = faults_of(metadata)
    if faults:
        raise MetadataRefused(faults)
    public = metadata.token_endpoint_auth_method == "none"  # noqa: S105 - a method's name
    secret = None if public else new_secret(SECRET_PREFIX)
    row = ClientRow(
        client_id=new_id(),
        secret_hash=digest(secret) if secret else None,
        metadata=metadata.as_json(),
        version=1,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    clients.add(ctx.db, row)
    record(ctx, ClientCreated(client_id=row.client_id))
    return Registered(client_of(row), secret)


def rotate_secret(ctx: RequestContext, client_id: str) -> str:
    """Give a client a new secret; the old one is dead.

    Raises:
        NoSuchClient: unknown, or public and so without a secret.
    """
    row = clients.find(ctx.db, client_id)
    if row is None or row.secret_hash is None:
        raise NoSuchClient(client_id)
    secret = new_secret(SECRET_PREFIX)
    clients.change(ctx.db, client_id, ctx.now, secret_hash=digest(secret))
    record(ctx, ClientSecretRotated(client_id=client_id))
    ctx.house.get(ClientCache).forget(client_id)
    return secret


def delete(ctx: RequestContext, client_id: str) -> None:
    """Remove a client with its consents and grants.

    Raises:
        NoSuchClient: unknown.
    """
    if not clients.remove(ctx.db, client_id):
        raise NoSuchClient(client_id)
    record(ctx, ClientDeleted(client_id=client_id))
    ctx.house.get(ClientCache).forget(client_id)


def offered_scopes(client: Client) -> tuple[str, ...]:
    """Return the standard scopes that a client may ask for, in their usual order."""
    return tuple(scope for scope in scopes.SCOPES if scope in client.metadata.scope)
