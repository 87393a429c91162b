"""A client as the protocol sees it (OIDC Registration §2)."""

from dataclasses import asdict, dataclass
from typing import Any

from idp.protocol.profiles import OIDC, PROFILES, Profile
from idp.store.clients import ClientRow

AUTHENTICATION_METHODS = ("client_secret_basic", "client_secret_post", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
ACCESS_TOKEN_FORMATS = ("jwt", "opaque")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """What is registered of a client, in the registration's own names.

    Ours are `first_party`, `profile`, `require_acr`, the level below which it gets nothing, and
    what says how its tokens are: lifetimes in seconds, which the operator caps, `resources` that it
    may ask for (RFC 8707), and the `audiences` whose tokens it may introspect, being those
    resources. `require_auth_time` is not kept: every ID token says `auth_time`.
    """

    client_name: str
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - a method
    grant_types: tuple[str, ...] = ("authorization_code",)
    scope: tuple[str, ...] = ("openid", "profile", "email", "address", "phone")
    id_token_signed_response_alg: str = "RS256"  # noqa: S105 - an algorithm
    access_token_signed_response_alg: str = "ES256"  # noqa: S105 - an algorithm
    introspection_signed_response_alg: str = "RS256"
    access_token_format: str = "jwt"  # noqa: S105 - a format
    access_token_lifetime: int | None = None
    refresh_idle_lifetime: int | None = None
    refresh_lifetime: int | None = None
    dpop_bound_access_tokens: bool = False
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    resources: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    default_max_age: int | None = None
    default_acr_values: tuple[str, ...] = ()
    require_acr: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    first_party: bool = False
    profile: str = OIDC.name

    @property
    def public(self) -> bool:
        """Whether the client cannot keep a secret (RFC 6749 §2.1)."""
        return self.token_endpoint_auth_method == "none"  # noqa: S105 - a method's name

    @property
    def refreshes(self) -> bool:
        """Whether the client gets refresh tokens."""
        return "refresh_token" in self.grant_types

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)


_LISTS = (
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "scope",
    "default_acr_values",
    "resources",
    "audiences",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client at one version."""

    client_id: str
    secret_hash: bytes | None
    version: int
    metadata: ClientMetadata
    disabled: bool = False

    @property
    def public(self) -> bool:
        """Whether the client cannot keep a secret (RFC 6749 §2.1)."""
        return self.metadata.public

    @property
    def profile(self) -> Profile:
        """What the client is held to."""
        return PROFILES[self.metadata.profile]


def client_of(row: ClientRow) -> Client:
    """Return the client that a row describes."""
    known: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value
        for name, value in row.metadata.items()
        if name in ClientMetadata.__dataclass_fields__
    }
    return Client(
        client_id=row.client_id,
        secret_hash=row.secret_hash,
        version=row.version,
        metadata=ClientMetadata(**known),
        disabled=row.disabled_at is not None,
    )
