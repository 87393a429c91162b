"""Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 §2.1.1)."""

import re
from hashlib import sha256

from idp.kernel.encoding import b64url
from idp.protocol.errors import InvalidRequest
from idp.protocol.profiles import Profile

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


def check_challenge(
    challenge: str | None, method: str | None, *, public: bool, profile: Profile
) -> None:
    """Let an authorization request pass only with a challenge where one is needed.

    Raises:
        InvalidRequest: none where one is needed, not S256, or not the form of §4.2.
    """
    if challenge is None:
        if method is not None:
            raise InvalidRequest("code_challenge_method came without code_challenge.")
        if public or profile.confidential_clients_need_pkce:
            raise InvalidRequest("code_challenge is needed (PKCE, S256).")
        return
    if method != "S256":
        raise InvalidRequest("code_challenge_method must be S256.")
    if not _CHALLENGE.match(challenge):
        raise InvalidRequest("code_challenge must be 43 base64url characters.")


def challenge_of(verifier: str | None) -> str | None:
    """Return the S256 challenge of a verifier (§4.6); None when none was sent.

    Raises:
        InvalidRequest: not the form of §4.1.
    """
    if verifier is None:
        return None
    if not _VERIFIER.match(verifier):
        raise InvalidRequest("code_verifier must be 43 to 128 unreserved characters.")
    return b64url(sha256(verifier.encode()).digest())
