"""What a client's tokens look like and how long they live, under the operator's caps."""

from datetime import datetime, timedelta

from idp.context import RequestContext
from idp.judgement.policies import Policies
from idp.policy.extent import longest
from idp.policy.token_lifetimes import RefreshLimits, capped, refresh_limits
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.tokens.access import Shape
from idp.settings import Settings
from idp.store.redemptions import Until


def shape_of(settings: Settings, client: ClientMetadata) -> Shape:
    """Return the shape of a client's access tokens."""
    return Shape(
        opaque=client.access_token_format == "opaque",  # noqa: S105 - a format
        algorithm=client.access_token_signed_response_alg,
        lifetime=access_lifetime(settings, client),
    )


def access_lifetime(settings: Settings, client: ClientMetadata) -> timedelta:
    """Return how long an access token of this client lives."""
    return capped(
        client.access_token_lifetime, settings.access_token_longest, settings.access_token_lifetime
    )


def untils_of(ctx: RequestContext, client: ClientMetadata) -> dict[str, Until]:
    """Return until when a client's grants are of use: within their session, and without it.

    Without a refresh token that is for as long as the one access token.
    """
    settings, now = ctx.settings, ctx.now
    most = longest(ctx.house.get(Policies).current(now), "absolute")
    return {
        "online": _until(settings, client, now, most, most),
        "offline": _until(settings, client, now, settings.refresh_idle, settings.refresh_absolute),
    }


def _until(
    settings: Settings, client: ClientMetadata, now: datetime, idle: timedelta, absolute: timedelta
) -> Until:
    if client.refreshes:
        wanted = client.refresh_idle_lifetime, client.refresh_lifetime
        limits = refresh_limits(*wanted, idle, absolute)
    else:
        once = access_lifetime(settings, client)
        limits = RefreshLimits(idle=once, absolute=once)
    idle_until, absolute_until = limits.from_now(now)
    return Until(idle=idle_until, absolute=absolute_until)
