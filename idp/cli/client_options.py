"""The options that describe a client, and the metadata that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

# What takes a choice back.
NONE = "none"
_SECONDS = (
    "default_max_age",
    "access_token_lifetime",
    "refresh_idle_lifetime",
    "refresh_lifetime",
)
_DESCRIBED = (
    click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI"),
    click.option(
        "--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, metavar="URI"
    ),
    click.option(
        "--grant",
        "grant_types",
        multiple=True,
        metavar="TYPE",
        help="authorization_code, refresh_token or client_credentials; once for each.",
    ),
    click.option(
        "--scope", multiple=True, metavar="SCOPE", help="What it may ask for; once for each."
    ),
    click.option("--auth-method", "token_endpoint_auth_method", metavar="METHOD"),
    click.option("--id-token-alg", "id_token_signed_response_alg", metavar="ALG"),
    click.option("--profile", metavar="NAME", help="What it is held to: oidc or oauth21."),
    click.option(
        "--require-acr",
        metavar="LEVEL",
        help="Nobody signed in below this level gets through: sfa, mfa, phr or phrh.",
    ),
    click.option(
        "--default-acr",
        "default_acr_values",
        multiple=True,
        metavar="LEVEL",
        help="A level that its users are asked for if they can show it, the liked one first.",
    ),
    click.option(
        "--default-max-age",
        metavar="SECONDS",
        help="How long ago its users may have signed in.",
    ),
    click.option(
        "--access-token-format", metavar="FORMAT", help="jwt, or opaque for others to introspect."
    ),
    click.option("--access-token-alg", "access_token_signed_response_alg", metavar="ALG"),
    click.option("--introspection-alg", "introspection_signed_response_alg", metavar="ALG"),
    click.option(
        "--access-token-lifetime", metavar="SECONDS", help="Shorter or longer than usual."
    ),
    click.option("--refresh-idle-lifetime", metavar="SECONDS", help="How long it may stay away."),
    click.option(
        "--refresh-lifetime", metavar="SECONDS", help="How long it may refresh in any case."
    ),
    click.option(
        "--resource", "resources", multiple=True, metavar="URI", help="An API it may ask for."
    ),
    click.option(
        "--audience",
        "audiences",
        multiple=True,
        metavar="URI",
        help="An API that it is, so that it may introspect tokens for it.",
    ),
    click.option(
        "--backchannel-logout-uri",
        metavar="URI",
        help="Where its server is told that a session is over.",
    ),
    click.option(
        "--frontchannel-logout-uri",
        metavar="URI",
        help="What of it is shown in a frame when its user signs out.",
    ),
    click.option(
        "--backchannel-logout-session-required/--no-backchannel-logout-session-required",
        default=None,
        help="It needs to be told which session. (It is always told.)",
    ),
    click.option(
        "--frontchannel-logout-session-required/--no-frontchannel-logout-session-required",
        default=None,
        help="The same for its frame.",
    ),
    click.option("--client-uri", metavar="URI", help="Its home page."),
    click.option("--policy-uri", metavar="URI", help="Its privacy policy."),
    click.option("--tos-uri", metavar="URI", help="Its terms of service."),
    click.option("--logo-uri", metavar="URI"),
)


def described(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that describe a client."""
    for option in reversed(_DESCRIBED):
        function = option(function)
    return function


def said(options: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata that the options name."""
    chosen = {name: value for name, value in options.items() if value not in (None, ())}
    for name in (
        "require_acr",
        *_SECONDS,
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "logo_uri",
    ):
        if chosen.get(name) == NONE:
            chosen[name] = None
    for name in ("default_acr_values", "resources", "audiences"):
        if chosen.get(name) == (NONE,):
            chosen[name] = ()
    for name in _SECONDS:
        if (age := chosen.get(name)) is not None:
            if not (age.isascii() and age.isdigit() and len(age) < 10):
                option = name.replace("_", "-")
                raise click.UsageError(f"--{option}: a whole number of seconds.")
            chosen[name] = int(age)
    return chosen
