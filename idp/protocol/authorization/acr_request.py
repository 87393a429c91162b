"""Which levels a request asks for: out of its parameters and what its client has registered.

`acr_values` and `default_acr_values` are wishes (OIDC Core §3.1.2.1, OIDC Registration §2). An
essential `acr` and the client's own `require_acr` are met or refused (OIDC Core §5.5.1.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.policy.acr import satisfies
from idp.protocol import scopes
from idp.protocol.authorization.claims_parameter import MAX_VALUES, ClaimsRequest
from idp.protocol.clients.metadata import ClientMetadata
from idp.protocol.errors import UnmetAuthenticationRequirements


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrRequest:
    """What is asked for, each the liked one first.

    `words` are the client's own, whatever they mean: `acr` answers in them where they are true.
    One of `wished` is tried for, one of `needed` must be met; both are levels that can be reached.
    """

    words: tuple[str, ...] = ()
    wished: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[str, ...]:
        """Every level that would do, first those that are liked better."""
        return tuple(dict.fromkeys((*self.wished, *self.needed)))

    def fulfilled_by(self, held: str) -> bool:
        """Tell whether nothing is left to wish for."""
        return not self.wished or any(satisfies(held, level) for level in self.wished)

    def allowed_by(self, held: str) -> bool:
        """Tell whether a session at this level may be answered from."""
        return not self.needed or any(satisfies(held, level) for level in self.needed)


def read(
    acr_values: str | None,
    claims: ClaimsRequest,
    client: ClientMetadata,
    supported: Sequence[str],
) -> AcrRequest:
    """Return what is asked for; the request's own words override the client's defaults.

    What is wished for below the client's floor is raised to it.

    Raises:
        UnmetAuthenticationRequirements: what must be met nobody can reach here; so nobody is asked.
    """
    parameter = tuple(word for word in scopes.split(acr_values)[:MAX_VALUES] if word)
    wishes = claims.acr_values or parameter or client.default_acr_values
    words = claims.acr_values if claims.acr_essential else wishes
    floor = client.require_acr
    levels = tuple(word for word in words if word in supported)
    if (claims.acr_essential and not levels) or (floor is not None and floor not in supported):
        raise UnmetAuthenticationRequirements("no level that can be reached here")
    high = tuple(level for level in levels if floor is None or satisfies(level, floor))
    least = (floor,) if floor is not None else ()
    return AcrRequest(
        words=words,
        wished=high or least,
        needed=(high or least) if claims.acr_essential else least,
    )
