"""/authorize, and /authorize/continue to which every step returns (OIDC Core §3.1.2)."""

from dataclasses import replace

import flask

from idp.context import RequestContext
from idp.judgement.policies import Policies
from idp.presence.shown import cookies_shown
from idp.protocol import responses
from idp.protocol.authorization import checks, service
from idp.protocol.authorization.flow import (
    Consent,
    Done,
    Forbid,
    Login,
    Refuse,
    SelectAccount,
    Step,
    StepUp,
)
from idp.protocol.authorization.handover import (
    CONTINUE,
    consent_handover,
    forbidden_handover,
    login_handover,
)
from idp.protocol.authorization.request import AuthorizationRequest, ReturnAddress
from idp.protocol.errors import LoginRequired, PolicyRefused, ProtocolError, UntrustedRequest
from idp.web import continuation, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.errors import error_page, note
from idp.web.pages import redirect
from idp.web.parameters import Parameters
from idp.web.policy_words import refusal
from idp.web.words import gettext as _

bp = flask.Blueprint("authorization", __name__)


@bp.get("/authorize")
def authorize() -> flask.Response:
    """Answer an authorization request, or ask whom it takes."""
    return _proceed(request_context(), parameters.query(), None, Done())


@bp.post("/authorize")
def authorize_by_form() -> flask.Response:
    """Take a request by POST; go on with GET, for a cross-site POST comes without our cookies."""
    ctx, raw = request_context(), parameters.form()
    address = checks.return_address(ctx, raw)
    try:
        checks.checked(ctx, address, raw)
    except ProtocolError as error:
        return _refuse(ctx, address, error)
    carry = {"request": service.keep(ctx, raw)}
    return redirect(continuation.back(Handover(to=CONTINUE, carry=carry)))


@bp.get(CONTINUE)
def resume() -> flask.Response:
    """Go on where a step has returned to."""
    ctx = request_context()
    handover = continuation.receive("continue", parameters.query())
    request_id = handover.carry.get("request") if handover else None
    raw = service.kept(ctx, request_id) if request_id else None
    if handover is None or raw is None:
        raise UntrustedRequest("answered_or_old", client=handover.client if handover else None)
    carry = handover.carry
    done = Done(
        login=carry.get("login"),
        step_up=carry.get("step_up"),
        selection=carry.get("selection"),
        consent=carry.get("consent"),
        refused=bool(carry.get("denied") or carry.get("cancelled")),
    )
    return _proceed(ctx, raw, request_id, done)


def _proceed(
    ctx: RequestContext, raw: Parameters, request_id: str | None, done: Done
) -> flask.Response:
    address = checks.return_address(ctx, raw)
    try:
        request = checks.checked(ctx, address, raw)
        judged = service.judge(ctx, request, cookies_shown(ctx), done)
        if isinstance(judged.step, Refuse):
            raise judged.step.error
    except ProtocolError as error:
        _close(ctx, request_id)
        return _refuse(ctx, address, error)
    if isinstance(judged.step, Forbid):
        return _forbid(ctx, request, request_id, judged.rule)
    if isinstance(judged.step, Login | StepUp | SelectAccount | Consent):
        return _ask(ctx, request, request_id, done, judged)
    if judged.standing is None:
        raise UntrustedRequest("answered_or_old", "no session to issue from")
    _close(ctx, request_id)
    try:
        code = service.issue_code(ctx, request, judged.standing)
    except LoginRequired as error:
        return _refuse(ctx, address, error)
    return _answer(ctx, address, {"code": code})


def _ask(
    ctx: RequestContext,
    request: AuthorizationRequest,
    request_id: str | None,
    done: Done,
    judged: service.Judged,
) -> flask.Response:
    kept_id = request_id or service.keep(ctx, request.raw)
    step: Step = judged.step
    if isinstance(step, Consent) and judged.standing is not None:
        asked = consent_handover(request, kept_id, done, judged.standing)
        return redirect(continuation.url("/consent", "consent", asked))
    asked = login_handover(request, kept_id, done, step, judged.standing)
    asked = replace(asked, rule=judged.rule)
    if isinstance(step, StepUp):
        # With a reason of its own it is still a ticket for a step, and for no whole sign-in.
        purpose = "step-up" if step.reason else "login"
        return redirect(continuation.url("/login/step-up", purpose, asked))
    path = "/login/account" if isinstance(step, SelectAccount) else "/login"
    return redirect(continuation.url(path, "login", asked))


def _forbid(
    ctx: RequestContext, request: AuthorizationRequest, request_id: str | None, rule: str
) -> flask.Response:
    """Say why nothing is given to the client; whoever goes back takes it the refusal."""
    asked = forbidden_handover(request, request_id or service.keep(ctx, request.raw))
    client = request.client.metadata.client_name
    return error_page(
        PolicyRefused(rule),
        title=_("Not here, not now"),
        message=refusal(ctx.house.get(Policies).current(ctx.now), rule),
        advice=_("Your other applications are as they were."),
        return_url=continuation.back(asked),
        return_label=_("Return to %(client)s", client=client),
    )


def _close(ctx: RequestContext, request_id: str | None) -> None:
    """Answer a kept request once.

    Raises:
        UntrustedRequest: it was answered by another click.
    """
    if request_id is not None and not service.close(ctx, request_id):
        raise UntrustedRequest("answered_or_old")


def _refuse(ctx: RequestContext, address: ReturnAddress, error: ProtocolError) -> flask.Response:
    note(error)
    return _answer(ctx, address, {"error": error.code, "error_description": error.public})


def _answer(ctx: RequestContext, address: ReturnAddress, answer: dict[str, str]) -> flask.Response:
    """Send an answer home, with `state` as it came and `iss` (RFC 9207 §2)."""
    return responses.to_client(
        address.redirect_uri,
        address.mode,
        {**answer, "state": address.state, "iss": ctx.settings.issuer},
        address.client.metadata.client_name,
    )


@bp.errorhandler(UntrustedRequest)
def untrusted(error: UntrustedRequest) -> flask.Response:
    """Show what is wrong; nothing is sent to an address that nobody registered."""
    if error.problem == "answered_or_old":
        client = error.client
        return error_page(
            error,
            title=_("This sign-in is over"),
            message=_("It has been answered already, or it waited too long."),
            advice=_("Go back to the application and start again from there."),
            return_url=client.home_url if client else None,
            return_label=_("Return to %(client)s", client=client.name) if client else None,
        )
    messages = {
        "unreadable": _("The request has a parameter that is repeated or unreadable."),
        "unknown_client": _("We do not know the application that sent you here."),
        "disabled_client": _("The application that sent you here is switched off at present."),
        "no_redirect_uri": _("The application did not say where to send you afterwards."),
        "foreign_redirect_uri": _(
            "The application wants to send you to an address that is not registered for it."
        ),
    }
    return error_page(
        error,
        title=_("This sign-in link does not work"),
        message=messages[error.problem],
        advice=_("Tell the people who run the application; the reference below helps them."),
    )
