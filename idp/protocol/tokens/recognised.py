"""Which kind of token of ours somebody shows us, whoever it is for and whatever became of it.

Each kind is marked, codes and refresh tokens by a prefix, JWTs by `typ`: nobody has to say which
one it is (RFC 7009 §2.1, RFC 7662 §2.1 `token_type_hint`), and none passes for another.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from idp.context import RequestContext
from idp.kernel.jose import Claims
from idp.kernel.secrets import MasterKey
from idp.protocol.tokens import access, code, refresh


class Kind(StrEnum):
    """What is traded or shown for something else than its own contents."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"
    ACCESS = "access_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A code or token that we made: of which grant, or of none where a client got it for itself.

    Only a refresh token has a `generation`, only an access token has `claims`.
    """

    kind: Kind
    grant_id: str | None
    generation: int = 0
    claims: Claims = field(default_factory=dict)


def recognise(ctx: RequestContext, token: str) -> Recognised | None:
    """Return what a code, refresh token or access token says, expired or not: no statement.

    None for what we never made, and for ID tokens: they are read, never traded.
    """
    master = ctx.house.get(MasterKey)
    if (presented := refresh.read(master, token)) is not None:
        return Recognised(
            kind=Kind.REFRESH, grant_id=presented.grant_id, generation=presented.generation
        )
    if (grant_id := code.grant_of(master, token)) is not None:
        return Recognised(kind=Kind.CODE, grant_id=grant_id)
    claims = access.read_expired(ctx, token)
    if claims is None:
        return None
    return Recognised(kind=Kind.ACCESS, grant_id=access.grant_id_of(claims), claims=claims)
