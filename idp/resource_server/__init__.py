"""For the APIs behind the provider: read access tokens, and ask for a better sign-in.

    tokens = AccessTokens(issuer="https://id.example.com", audience="https://api.example.com")
    claims = tokens.read(request.headers.get("Authorization"))
    require(claims, acr="phr", max_age=timedelta(minutes=5), scope="transfers")

Both raise a `Challenge`, which has the status and the `WWW-Authenticate` header of the answer. A
token that is bound to a key (RFC 9449) is refused, unless its sender shows the key:

    shown = HttpRequest(
        method=request.method,
        url="https://api.example.com" + request.path,
        proofs=request.headers.getlist("DPoP"),
    )
    claims = tokens.read(request.headers.get("Authorization"), shown)

Owns: what RFC 9068 §4, RFC 6750 §3, RFC 9449 §7 and RFC 9470 §3 ask of a resource server. Does not
own: whether a session lives; a token says what was true when it was issued. It runs without the
provider's database, settings and Flask: docs/step-up.md shows it at work.
"""

from idp.resource_server.access_tokens import AccessClaims, AccessTokens
from idp.resource_server.challenge import Challenge
from idp.resource_server.demands import require
from idp.resource_server.documents import Unreachable
from idp.resource_server.proofs import HttpRequest, ReplayMemory, Replays

__all__ = [
    "AccessClaims",
    "AccessTokens",
    "Challenge",
    "HttpRequest",
    "ReplayMemory",
    "Replays",
    "Unreachable",
    "require",
]
