"""What client metadata must be to be registered (OIDC Registration §2, RFC 7591 §2)."""

import unicodedata
from collections.abc import Callable, Iterator

from idp.kernel.jose import SIGNING_ALGORITHMS
from idp.policy.acr import LEVELS
from idp.protocol import resources
from idp.protocol.clients.metadata import (
    ACCESS_TOKEN_FORMATS,
    AUTHENTICATION_METHODS,
    GRANT_TYPES,
    ClientMetadata,
)
from idp.protocol.clients.redirect_uris import fault_of, origin_of
from idp.protocol.profiles import PROFILES

MAX_NAME = 100
Check = Callable[[ClientMetadata], Iterator[str]]


def name(metadata: ClientMetadata) -> Iterator[str]:
    """A name that stands in our sentences without turning them around."""
    text = metadata.client_name
    if not text.strip() or len(text) > MAX_NAME:
        yield f"name: needed, at most {MAX_NAME} characters"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        yield "name: has characters that cannot be seen"


def uris(metadata: ClientMetadata) -> Iterator[str]:
    """URIs that may be redirected to."""
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(metadata, field):
            if (fault := fault_of(uri)) is not None:
                yield f"{field}: {uri!r} {fault}"


def links(metadata: ClientMetadata) -> Iterator[str]:
    """Links that our pages show."""
    for field in ("client_uri", "logo_uri", "policy_uri", "tos_uri"):
        uri = getattr(metadata, field)
        if uri is not None and (not uri.startswith(("https://", "http://")) or fault_of(uri)):
            yield f"{field}: an https URL is needed, or http on this machine"


def logout(metadata: ClientMetadata) -> Iterator[str]:
    """Where it hears of the end of a session (Back-Channel Logout §2.2, Front-Channel §2)."""
    for field in ("backchannel_logout_uri", "frontchannel_logout_uri"):
        uri = getattr(metadata, field)
        if uri is None:
            continue
        if not uri.startswith(("https://", "http://")) or fault_of(uri):
            yield f"{field}: an https URL without a fragment is needed, or http on this machine"
        # Whoever owns the redirect URI has a say over what runs in a frame there (§2).
        elif field.startswith("front") and origin_of(uri) not in map(
            origin_of, metadata.redirect_uris
        ):
            yield f"{field}: scheme, host and port of a redirect URI are needed"


def grants(metadata: ClientMetadata) -> Iterator[str]:
    """Grant types that fit the client (RFC 6749 §4.4)."""
    if not metadata.grant_types or not set(metadata.grant_types) <= set(GRANT_TYPES):
        yield f"grant: one or more of {', '.join(GRANT_TYPES)}"
    if "authorization_code" in metadata.grant_types and not metadata.redirect_uris:
        yield "redirect_uris: the authorization_code grant needs one"
    if metadata.refreshes and "authorization_code" not in metadata.grant_types:
        yield "grant: refresh_token comes with authorization_code"
    if metadata.public and "client_credentials" in metadata.grant_types:
        yield "grant: client_credentials needs a client secret (RFC 6749 §4.4)"


def scope(metadata: ClientMetadata) -> Iterator[str]:
    """Scope tokens (RFC 6749 §3.3)."""
    for value in metadata.scope:
        if not value or not all("!" <= c <= "~" and c not in '"\\' for c in value):
            yield f"scope: {value!r} is no scope token (RFC 6749 §3.3)"


def choices(metadata: ClientMetadata) -> Iterator[str]:
    """Values out of a list."""
    if metadata.token_endpoint_auth_method not in AUTHENTICATION_METHODS:
        yield f"auth method: one of {', '.join(AUTHENTICATION_METHODS)}"
    if metadata.id_token_signed_response_alg not in SIGNING_ALGORITHMS:
        yield f"id token algorithm: one of {', '.join(SIGNING_ALGORITHMS)}"
    if metadata.profile not in PROFILES:
        yield f"profile: one of {', '.join(PROFILES)}"
    if metadata.default_max_age is not None and metadata.default_max_age < 0:
        yield "default max age: seconds, not negative"


def tokens(metadata: ClientMetadata) -> Iterator[str]:
    """How its tokens are, and whose it may look into."""
    for field in ("access_token_signed_response_alg", "introspection_signed_response_alg"):
        if getattr(metadata, field) not in SIGNING_ALGORITHMS:
            yield f"{field}: one of {', '.join(SIGNING_ALGORITHMS)}"
    if metadata.access_token_format not in ACCESS_TOKEN_FORMATS:
        yield f"access token format: one of {', '.join(ACCESS_TOKEN_FORMATS)}"
    for field in ("access_token_lifetime", "refresh_idle_lifetime", "refresh_lifetime"):
        seconds = getattr(metadata, field)
        if seconds is not None and seconds < 1:
            yield f"{field}: seconds, at least one"
    for field in ("resources", "audiences"):
        for uri in getattr(metadata, field):
            if (fault := resources.fault_of(uri)) is not None:
                yield f"{field}: {uri!r} {fault} (RFC 8707 §2)"
    if metadata.audiences and metadata.public:
        yield "audiences: introspection needs a client secret (RFC 7662 §2.1)"


def levels(metadata: ClientMetadata) -> Iterator[str]:
    """Levels that we know (OIDC Registration §2 `default_acr_values`)."""
    if not set(metadata.default_acr_values) <= set(LEVELS):
        yield f"default acr: one or more of {', '.join(LEVELS)}"
    if metadata.require_acr not in (None, *LEVELS):
        yield f"required acr: one of {', '.join(LEVELS)}"


CHECKS: tuple[Check, ...] = (name, uris, links, logout, grants, scope, choices, tokens, levels)


def faults_of(metadata: ClientMetadata) -> list[str]:
    """Return everything that is wrong with the metadata."""
    return [fault for check in CHECKS for fault in check(metadata)]
