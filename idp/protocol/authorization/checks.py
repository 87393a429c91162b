"""The checks of an authorization request, in two tuples: they decide how an error travels.

What `BEFORE` refuses is shown on a page, for the redirect URI is not trusted yet (RFC 9700
§4.11.2). What `AFTER` refuses goes back to the client.
"""

import re
from collections.abc import Callable

from idp.context import RequestContext
from idp.policy.factors import supported
from idp.protocol import pkce, resources, scopes
from idp.protocol.authorization import acr_request, claims_parameter
from idp.protocol.authorization.claims_parameter import ClaimsRequest
from idp.protocol.authorization.request import AuthorizationRequest, ReturnAddress
from idp.protocol.clients import registry
from idp.protocol.clients.metadata import Client
from idp.protocol.clients.redirect_uris import allows
from idp.protocol.errors import (
    InvalidRequest,
    InvalidScope,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
    UntrustedRequest,
)
from idp.protocol.tokens import identity
from idp.protocol.vocabulary import DISPLAYS, PARAMETERS, PROMPTS, RESPONSE_MODES
from idp.web.parameters import Parameters

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")
MAX_STATE = 4096
MAX_REQUEST = 16 * 1024
MAX_NONCE = 1024
MAX_LOCALES = 200


# Before the redirect URI is trusted


def require_client(ctx: RequestContext, raw: Parameters) -> Client:
    """Return the client that asks (RFC 6749 §3.1.2.4)."""
    if "client_id" in raw.refused or "*" in raw.refused:
        raise UntrustedRequest("unreadable")
    client = registry.find(ctx, raw.get("client_id"))
    if client is None:
        raise UntrustedRequest("unknown_client", f"client_id {raw.get('client_id')!r:.100}")
    if client.disabled:
        raise UntrustedRequest("disabled_client", f"client {client.client_id}")
    return client


def require_redirect_uri(client: Client, raw: Parameters) -> str:
    """Return the redirect URI when it is one of the client's (RFC 9700 §4.1.3)."""
    redirect_uri = raw.get("redirect_uri")
    if "redirect_uri" in raw.refused or redirect_uri is None:
        raise UntrustedRequest("no_redirect_uri", f"client {client.client_id}")
    if not allows(client.metadata.redirect_uris, redirect_uri):
        raise UntrustedRequest(
            "foreign_redirect_uri",
            f"client {client.client_id} sent {redirect_uri!r:.300}, registered are "
            f"{', '.join(client.metadata.redirect_uris)}",
        )
    return redirect_uri


def return_address(ctx: RequestContext, raw: Parameters) -> ReturnAddress:
    """Return where the answer goes.

    Raises:
        UntrustedRequest: nowhere: it becomes a page.
    """
    client = require_client(ctx, raw)
    redirect_uri = require_redirect_uri(client, raw)
    mode = raw.get("response_mode")
    state = raw.get("state")
    return ReturnAddress(
        client=client,
        redirect_uri=redirect_uri,
        mode=mode if mode in RESPONSE_MODES else "query",
        state=state if state is None or len(state) <= MAX_STATE else None,
    )


# After: each takes the client and the parameters, and refuses or says nothing

Check = Callable[[Client, Parameters], None]


def nothing_unreadable(client: Client, raw: Parameters) -> None:
    """RFC 6749 §3.1: a parameter comes at most once."""
    del client
    if raw.refused:
        raise InvalidRequest("A parameter is unreadable or sent twice.")


def no_request_object(client: Client, raw: Parameters) -> None:
    """OIDC Core §6, §3.1.2.6: said aloud, not ignored, until they are supported."""
    del client
    if raw.get("request") is not None:
        raise RequestNotSupported
    if raw.get("request_uri") is not None:
        raise RequestUriNotSupported
    if raw.get("registration") is not None:
        raise RegistrationNotSupported


def code_response(client: Client, raw: Parameters) -> None:
    """RFC 9700 §2.1.2: no token in an authorization response, so `code` only."""
    if raw.get("response_type") is None:
        raise InvalidRequest("response_type is missing.")
    if raw.get("response_type") != "code":
        raise UnsupportedResponseType
    if "authorization_code" not in client.metadata.grant_types:
        raise UnauthorizedClient


def known_response_mode(client: Client, raw: Parameters) -> None:
    """OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2."""
    del client
    if raw.get("response_mode") not in (None, *RESPONSE_MODES):
        raise InvalidRequest("response_mode must be query or form_post.")


def sound_values(client: Client, raw: Parameters) -> None:
    """OIDC Core §3.1.2.1: values of the right form and of sane length."""
    del client
    if len(raw.get("state") or "") > MAX_STATE or len(raw.get("nonce") or "") > MAX_NONCE:
        raise InvalidRequest("state or nonce is too long.")
    if sum(len(raw.get(name) or "") for name in PARAMETERS) > MAX_REQUEST:
        raise InvalidRequest("The request is too long.")
    if raw.get("display") not in (None, *DISPLAYS):
        raise InvalidRequest("display has an unknown value.")
    max_age = raw.get("max_age")
    if max_age is not None and not (max_age.isascii() and max_age.isdigit() and len(max_age) < 10):
        raise InvalidRequest("max_age must be a whole number of seconds.")


def sound_prompt(client: Client, raw: Parameters) -> None:
    """OIDC Core §3.1.2.1: `none` stands alone."""
    del client
    prompt = set(scopes.split(raw.get("prompt")))
    if not prompt <= {*PROMPTS, ""}:
        raise InvalidRequest("prompt has an unknown value.")
    if "none" in prompt and len(prompt - {""}) > 1:
        raise InvalidRequest("prompt none stands alone.")


def some_scope(client: Client, raw: Parameters) -> None:
    """RFC 6749 §3.3: at least one scope that the client may have."""
    if raw.get("scope") is None:
        raise InvalidScope("scope is missing")
    if not effective_scope(client, raw):
        raise InvalidScope


def effective_scope(client: Client, raw: Parameters) -> tuple[str, ...]:
    """Return the scopes that mean something for this client (OIDC Core §3.1.2.1).

    `offline_access` asks for a refresh token, so without that grant type it is ignored (§11).
    """
    wanted = scopes.split(raw.get("scope"))
    return tuple(
        scope
        for scope in scopes.known(wanted, client.metadata.scope)
        if scope != "offline_access" or client.metadata.refreshes
    )


def proof_key(client: Client, raw: Parameters) -> None:
    """RFC 7636 §4.3, §4.4.1."""
    pkce.check_challenge(
        raw.get("code_challenge"),
        raw.get("code_challenge_method"),
        public=client.public,
        profile=client.profile,
    )


def bound_key(client: Client, raw: Parameters) -> None:
    """RFC 9449 §10: the thumbprint of the key that the code will be redeemed with."""
    del client
    jkt = raw.get("dpop_jkt")
    if jkt is not None and not _THUMBPRINT.match(jkt):
        raise InvalidRequest("dpop_jkt must be 43 base64url characters.")


AFTER: tuple[Check, ...] = (
    nothing_unreadable,
    no_request_object,
    code_response,
    known_response_mode,
    sound_values,
    sound_prompt,
    some_scope,
    proof_key,
    bound_key,
)


def checked(ctx: RequestContext, address: ReturnAddress, raw: Parameters) -> AuthorizationRequest:
    """Return the request when every check lets it pass.

    Raises:
        ProtocolError: the first refusal; it goes back to the client.
    """
    client = address.client
    for check in AFTER:
        check(client, raw)
    # RFC 8707 §2.1: only what the client is registered to ask for.
    resources.check(raw.get("resource"), client.metadata.resources, ctx.settings.issuer)
    claims = claims_parameter.parse(raw.get("claims"))
    acr = acr_request.read(raw.get("acr_values"), claims, client.metadata, supported(ctx.settings))
    max_age = raw.get("max_age")
    return AuthorizationRequest(
        address=address,
        scope=effective_scope(client, raw),
        resource=scopes.split(raw.get("resource")),
        nonce=raw.get("nonce"),
        prompt=frozenset(scopes.split(raw.get("prompt"))) - {""},
        max_age=int(max_age) if max_age is not None else client.metadata.default_max_age,
        own_max_age=max_age is not None,
        acr=acr,
        subject=_wanted_subject(ctx, client, raw, claims),
        login_hint=(raw.get("login_hint") or "")[:200],
        ui_locales=scopes.split((raw.get("ui_locales") or "")[:MAX_LOCALES]),
        claims=claims,
        code_challenge=raw.get("code_challenge"),
        dpop_jkt=raw.get("dpop_jkt"),
        raw=raw,
    )


def _wanted_subject(
    ctx: RequestContext, client: Client, raw: Parameters, claims: ClaimsRequest
) -> str | None:
    """Return who it must be (OIDC Core §3.1.2.1 id_token_hint, §5.5.1).

    A hint that we cannot verify means nobody where nobody may be asked, and anybody elsewhere.
    """
    if claims.subject is not None:
        return claims.subject
    hint = raw.get("id_token_hint")
    if hint is None:
        return None
    said = identity.read_hint(ctx, hint)
    if said is not None and said["aud"] == client.client_id:
        return str(said["sub"])
    return "" if "none" in scopes.split(raw.get("prompt")) else None
