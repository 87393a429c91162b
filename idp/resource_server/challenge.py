"""What a resource server answers to who may not go on (RFC 6750 §3, RFC 9470 §3)."""

from collections.abc import Sequence

_STATUS = {"invalid_token": 401, "insufficient_user_authentication": 401, "insufficient_scope": 403}
_DESCRIPTIONS = {
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
    ) -> None:
        """Without an `error` nothing was shown: only the scheme is told (RFC 6750 §3.1)."""
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.status = _STATUS.get(error or "", 401)
        said = {
            "error": error,
            "error_description": _DESCRIPTIONS.get(error or ""),
            "scope": scope,
            "acr_values": " ".join(acr_values) or None,
            "max_age": max_age,
        }
        pairs = [f'{name}="{value}"' for name, value in said.items() if value is not None]
        self.header = " ".join(["Bearer", ", ".join(pairs)]).rstrip()
