"""Every protocol blueprint, in reading order."""

from idp.protocol import introspection, revocation, userinfo
from idp.protocol.authorization import endpoint as authorization
from idp.protocol.consent import pages as consent
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
)
