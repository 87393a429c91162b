"""Every protocol blueprint, in reading order; and what the worker tells clients for us."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from idp.context import RequestContext
from idp.delivery.parcel import BACKCHANNEL_LOGOUT, Parcel
from idp.protocol import introspection, revocation, userinfo
from idp.protocol.authorization import endpoint as authorization
from idp.protocol.consent import pages as consent
from idp.protocol.logout import backchannel, farewell
from idp.protocol.logout import endpoint as logout
from idp.protocol.token_endpoint import endpoint as token_endpoint

BLUEPRINTS = (
    authorization.bp,
    consent.bp,
    token_endpoint.bp,
    userinfo.bp,
    introspection.bp,
    revocation.bp,
    logout.bp,
    farewell.bp,
)
SENDERS: Mapping[str, Callable[[RequestContext, Parcel], Callable[[], None] | None]] = (
    MappingProxyType({BACKCHANNEL_LOGOUT: backchannel.prepare})
)
