"""An authorization request after every check (OIDC Core §3.1.2.1): the type is the proof."""

from dataclasses import dataclass

from idp.protocol.authorization.acr_request import AcrRequest
from idp.protocol.authorization.claims_parameter import ClaimsRequest
from idp.protocol.clients.metadata import Client
from idp.web.parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """Where an answer may go: a client's registered redirect URI, and how."""

    client: Client
    redirect_uri: str
    mode: str
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asks for. `subject` is who it must be: None for anybody.

    `max_age` is the request's own or the client's default; `own_max_age` tells which.
    """

    address: ReturnAddress
    scope: tuple[str, ...]
    resource: tuple[str, ...]
    nonce: str | None
    prompt: frozenset[str]
    max_age: int | None
    own_max_age: bool
    acr: AcrRequest
    subject: str | None
    login_hint: str
    ui_locales: tuple[str, ...]
    claims: ClaimsRequest
    code_challenge: str | None
    dpop_jkt: str | None
    raw: Parameters

    @property
    def client(self) -> Client:
        """Who asks."""
        return self.address.client

    @property
    def wants_fresh_proof(self) -> bool:
        """Whether a proof of long ago will not do, nor a device that stands in for one."""
        return "login" in self.prompt or self.max_age is not None
