"""One class per error code, each with its section and a public text that is ours alone.

`error_description` keeps to the characters of RFC 6749 §4.1.2.1: no quote, no backslash, ASCII.
"""

from idp.kernel.errors import IdpError
from idp.web.pages import ClientCard


class ProtocolError(IdpError):
    """An answer in the form of RFC 6749 §4.1.2.1 or §5.2; `detail` is for the operator."""

    code = "invalid_request"


class InvalidRequest(ProtocolError):
    """RFC 6749 §4.1.2.1, §5.2: a parameter is missing, unreadable, repeated or wrong."""

    code = "invalid_request"
    public = "A parameter is missing, unreadable, sent twice, or has a wrong value."

    def __init__(self, description: str = "", detail: str = "") -> None:
        """`description` is one of our constants, never made of input."""
        super().__init__(detail or description)
        if description:
            self.public = description


class UnsupportedResponseType(ProtocolError):
    """RFC 6749 §4.1.2.1."""

    code = "unsupported_response_type"
    public = "Only the response type code is offered."


class UnauthorizedClient(ProtocolError):
    """RFC 6749 §4.1.2.1, §5.2: not for this client."""

    code = "unauthorized_client"
    public = "The client is not registered for this."


class InvalidScope(ProtocolError):
    """RFC 6749 §4.1.2.1, §5.2."""

    code = "invalid_scope"
    public = "The scope is missing, or more than this client may have."


class InvalidTarget(ProtocolError):
    """RFC 8707 §2: a resource that is unknown, malformed or not for this client."""

    code = "invalid_target"
    public = "The resource is not one that this client may ask for."


class AccessDenied(ProtocolError):
    """RFC 6749 §4.1.2.1: the person said no."""

    code = "access_denied"
    public = "The user did not agree."


class PolicyRefused(AccessDenied):
    """RFC 6749 §4.1.2.1: the authorization server said no, whatever the person would like."""

    public = "The rules of the provider do not allow it here and now."
    status = 403


class LoginRequired(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "login_required"
    public = "The user has to sign in."


class InteractionRequired(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "interaction_required"
    public = "The user has to prove more."


class AccountSelectionRequired(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "account_selection_required"
    public = "The user has to choose an account."


class ConsentRequired(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "consent_required"
    public = "The user has to agree first."


class RequestNotSupported(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "request_not_supported"
    public = "The request parameter is not supported."


class RequestUriNotSupported(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "request_uri_not_supported"
    public = "The request_uri parameter is not supported."


class RegistrationNotSupported(ProtocolError):
    """OIDC Core §3.1.2.6."""

    code = "registration_not_supported"
    public = "The registration parameter is not supported."


class UnmetAuthenticationRequirements(ProtocolError):
    """OIDC Core Error Code unmet_authentication_requirements: an essential acr is out of reach."""

    code = "unmet_authentication_requirements"
    public = "The requested authentication cannot be met."


class InvalidClient(ProtocolError):
    """RFC 6749 §5.2: unknown client, wrong secret, wrong method; nobody learns which."""

    code = "invalid_client"
    public = "Client authentication failed."
    status = 401


class InvalidGrant(ProtocolError):
    """RFC 6749 §5.2: one text for every reason; the reason goes to the audit log."""

    code = "invalid_grant"
    public = "The grant is invalid, expired, already used, or belongs to another client."


class UnsupportedGrantType(ProtocolError):
    """RFC 6749 §5.2."""

    code = "unsupported_grant_type"
    public = "This grant type is not supported."


class InvalidToken(ProtocolError):
    """RFC 6750 §3.1."""

    code = "invalid_token"
    public = "The access token is expired, revoked or malformed."
    status = 401


class NoToken(InvalidToken):
    """RFC 6750 §3.1: who showed nothing is told only which schemes there are."""


class InsufficientScope(ProtocolError):
    """RFC 6750 §3.1."""

    code = "insufficient_scope"
    public = "The access token lacks a scope."
    status = 403

    def __init__(self, scope: str | None = None) -> None:
        """`scope` is what the endpoint asks for, where it says so."""
        super().__init__()
        self.scope = scope


class InsufficientUserAuthentication(ProtocolError):
    """RFC 9470 §3: the sign-in behind the token is too weak or too long ago; says what it takes."""

    code = "insufficient_user_authentication"
    public = "A stronger or more recent sign-in is needed."
    status = 401

    def __init__(self, *, acr: str | None, max_age: int | None) -> None:
        super().__init__(f"needs acr {acr}, max_age {max_age}")
        self.acr = acr
        self.max_age = max_age


class InvalidDpopProof(ProtocolError):
    """RFC 9449 §5, §7.1: nobody learns which rule the proof breaks; a resource answers 401."""

    code = "invalid_dpop_proof"
    public = "The DPoP proof is missing, malformed, too old, used before or of another request."


class UseDpopNonce(ProtocolError):
    """RFC 9449 §8, §9: the proof needs the nonce that comes along; a resource answers 401."""

    code = "use_dpop_nonce"
    public = "The DPoP proof needs the nonce that comes with this answer."

    def __init__(self, nonce: str, detail: str = "") -> None:
        super().__init__(detail)
        self.nonce = nonce


class UntrustedRequest(IdpError):
    """An authorization request whose redirect URI is not trusted: shown as a page, never sent on.

    `problem` tells the page which of its sentences to show, `client` where to go back to.
    """

    public = "The request that brought you here is not valid."

    def __init__(self, problem: str, detail: str = "", client: ClientCard | None = None) -> None:
        super().__init__(detail or problem)
        self.problem = problem
        self.client = client
