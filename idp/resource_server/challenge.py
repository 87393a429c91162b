"""What a resource server answers to who may not go on (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3)."""

from collections.abc import Sequence

from idp.kernel.dpop_proof import ALGORITHMS

_STATUS = {"insufficient_scope": 403}
_DESCRIPTIONS = {
    "invalid_dpop_proof": "The DPoP proof is missing, malformed, too old, used before or of "
    "another request.",
    "invalid_token": "The access token is expired, revoked or malformed.",
    "insufficient_scope": "The access token lacks a scope.",
    "insufficient_user_authentication": "A stronger or more recent sign-in is needed.",
}


class Challenge(Exception):
    """A refusal with its status, its `WWW-Authenticate` header, and `detail` for the log alone."""

    def __init__(
        self,
        error: str | None,
        detail: str,
        *,
        acr_values: Sequence[str] = (),
        max_age: int | None = None,
        scope: str | None = None,
        schemes: Sequence[str] = ("Bearer",),
    ) -> None:
        """Without an `error` nothing was shown: only the schemes are told (RFC 6750 §3.1).

        The first of `schemes` is the one that was used, of which the error speaks; the others
        would do as well (RFC 9449 §7.2).
        """
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.schemes = tuple(schemes)
        self.status = _STATUS.get(error or "", 401)
        self._said: dict[str, object] = {
            "error": error,
            "error_description": _DESCRIPTIONS.get(error or ""),
            "scope": scope,
            "acr_values": " ".join(acr_values) or None,
            "max_age": max_age,
        }

    @property
    def header(self) -> str:
        """The value of `WWW-Authenticate` (RFC 9110 §11.6.1)."""
        used, *others = self.schemes
        return ", ".join([_one(used, self._said), *(_one(other, {}) for other in others)])


def _one(scheme: str, said: dict[str, object]) -> str:
    algorithms = {"algs": " ".join(ALGORITHMS)} if scheme == "DPoP" else {}
    pairs = [f'{n}="{v}"' for n, v in (said | algorithms).items() if v is not None]
    return " ".join([scheme, ", ".join(pairs)]).rstrip()
