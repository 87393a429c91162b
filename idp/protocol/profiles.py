"""Strictness as data: what a family of clients is held to, each value with its clause."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one client is held to."""

    name: str
    confidential_clients_need_pkce: bool


# OIDC Core leaves PKCE to confidential clients; public ones always need it (RFC 9700 §2.1.1).
OIDC = Profile(name="oidc", confidential_clients_need_pkce=False)
# OAuth 2.1 §4.1.1 asks every client for it.
OAUTH21 = Profile(name="oauth21", confidential_clients_need_pkce=True)

PROFILES = {profile.name: profile for profile in (OIDC, OAUTH21)}
