"""Whether a token is one of ours, of the kind that is asked for."""

from idp.context import RequestContext
from idp.kernel.jose import Claims, unverified_header, verify
from idp.protocol.keys import service as keys

MAX_LENGTH = 8192


def read(ctx: RequestContext, token: str, typ: str) -> Claims | None:
    """Return the claims of a token that we signed as `typ`, expired or not; None for any other.

    We sign access tokens and ID tokens with keys of one set: only `typ` tells them apart.
    """
    if len(token) > MAX_LENGTH:
        return None
    header = unverified_header(token)
    if header is None or header.get("typ") != typ:
        return None
    key = keys.verifier(ctx, header.get("kid"))
    claims = verify(token, key) if key is not None else None
    return claims if claims is not None and claims.get("iss") == ctx.settings.issuer else None
