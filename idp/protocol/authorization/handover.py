"""What the pages between request and answer are given: who asks, why, and the way back."""

from typing import Any
from urllib.parse import urlsplit

from idp.kernel.clock import epoch
from idp.kernel.hosts import is_loopback
from idp.protocol.authorization.flow import Done, Login, SelectAccount, Step, StepUp
from idp.protocol.authorization.request import AuthorizationRequest
from idp.protocol.clients.metadata import Client
from idp.store.sessions import Standing
from idp.web.continuation import Handover
from idp.web.pages import ClientCard

CONTINUE = "/authorize/continue"
# What is asked of who is there already, by the operator's policy or by the client.
_BY_POLICY = frozenset({"policy_asks", "policy_wants_recent", "session_challenged"})
_ASKS_AGAIN = _BY_POLICY | {"client_asks", "too_long_ago"}


def card(client: Client, redirect_uri: str) -> ClientCard:
    """Return what pages show of a client; its host is where the person will be sent.

    Its logo stays out: fetching it would tell a third party who signs in (RFC 9700 §4.2.4).
    """
    metadata, parts = client.metadata, urlsplit(redirect_uri)
    return ClientCard(
        name=metadata.client_name,
        host=parts.netloc if is_loopback(parts.hostname) else parts.hostname,
        policy_url=metadata.policy_uri,
        terms_url=metadata.tos_uri,
        home_url=metadata.client_uri,
    )


def origin_of(uri: str) -> str:
    """Return scheme and authority of a redirect URI, for the content security policy."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _carry(request_id: str, done: Done) -> dict[str, Any]:
    carried = {
        "request": request_id,
        "login": done.login,
        "step_up": done.step_up,
        "selection": done.selection,
        "consent": done.consent,
    }
    return {name: value for name, value in carried.items() if value is not None}


def login_handover(
    request: AuthorizationRequest,
    request_id: str,
    done: Done,
    step: Step,
    standing: Standing | None,
) -> Handover:
    """Return what the login pages need to ask, and to come back.

    A sign-in is told which levels are wanted, so that it asks for the right proof at once.
    """
    same_account = isinstance(step, StepUp) or (
        isinstance(step, Login) and step.reason in _ASKS_AGAIN
    )
    by_policy = isinstance(step, Login) and step.reason in _BY_POLICY
    user = standing.user if standing and (same_account or isinstance(step, SelectAccount)) else None
    before = standing.session.authenticated_at if standing and same_account else None
    return Handover(
        to=CONTINUE,
        carry=_carry(request_id, done),
        client=card(request.client, request.address.redirect_uri),
        client_id=request.client.client_id,
        target=origin_of(request.address.redirect_uri),
        reason=step.reason if isinstance(step, Login | StepUp) else None,
        proved_at=epoch(before) if before is not None else None,
        age=request.max_age if isinstance(step, Login) and step.reason == "too_long_ago" else None,
        acr=step.acr if isinstance(step, StepUp) else request.acr.levels,
        fresh=isinstance(step, StepUp) or by_policy or request.wants_fresh_proof,
        identifier=user.username if user else request.login_hint,
        user_id=user.id if user else None,
        locale=" ".join(request.ui_locales) or None,
    )


def forbidden_handover(request: AuthorizationRequest, request_id: str) -> Handover:
    """Return the way home of a person whom the operator's policy refuses it."""
    return Handover(
        to=CONTINUE,
        carry={"request": request_id, "cancelled": True},
        client=card(request.client, request.address.redirect_uri),
    )


def consent_handover(
    request: AuthorizationRequest, request_id: str, done: Done, standing: Standing
) -> Handover:
    """Return what the consent page needs: to whom the question is put, and what it is about."""
    carry = _carry(request_id, done) | {
        "client_id": request.client.client_id,
        "sid": standing.session.sid,
        "scope": list(request.scope),
        "claims": list(request.claims.names),
    }
    return Handover(
        to=CONTINUE,
        carry=carry,
        client=card(request.client, request.address.redirect_uri),
        target=origin_of(request.address.redirect_uri),
        locale=" ".join(request.ui_locales) or None,
    )
