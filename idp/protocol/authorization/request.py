"""An authorization request after every check (OIDC Core §3.1.2.1): the type is the proof."""

from dataclasses import dataclass

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
    """What a client asks for. `subject` is who it must be: None for anybody."""

    address: ReturnAddress
    scope: tuple[str, ...]
    nonce: str | None
    prompt: frozenset[str]
    max_age: int | None
    acr_values: tuple[str, ...]
    acr_essential: bool
    subject: str | None
    login_hint: str
    ui_locales: tuple[str, ...]
    claims: ClaimsRequest
    code_challenge: str | None
    raw: Parameters

    @property
    def client(self) -> Client:
        """Who asks."""
        return self.address.client

    @property
    def silent(self) -> bool:
        """Whether nobody may be asked anything (`prompt=none`)."""
        return "none" in self.prompt
