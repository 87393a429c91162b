"""/login/enrol: set up an authenticator app or a passkey, then see the recovery codes once."""

from dataclasses import dataclass
from typing import Any

import flask
from markupsafe import Markup

from idp.credentials import account_tickets, passkeys, recovery, totp
from idp.credentials.ceremonies import Ceremony
from idp.credentials.notices import Notice, tell
from idp.credentials.owned import bindable
from idp.kernel.secrets import MasterKey
from idp.login import service, words
from idp.login.half_done import HalfDone, half_done
from idp.login.proceed import advance, cancelled, go_without, received, start_again
from idp.login.ways import ENROL, ENROL_KEY
from idp.policy.factors import Bindable
from idp.policy.sign_in import Enrol
from idp.store import users
from idp.store.login_attempts import LoginAttempt
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.pages import page, redirect
from idp.web.parameters import Parameters
from idp.web.words import at_time
from idp.web.words import gettext as _

bp = flask.Blueprint("login_enrol", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """A half-done sign-in to which a factor may be bound now."""

    half: HalfDone
    kinds: tuple[Bindable, ...]
    verdict: Enrol | None

    @property
    def can_skip(self) -> bool:
        """An offer can be declined; a demand of the policy or of the client cannot."""
        return self.verdict is not None and not self.verdict.required

    @property
    def can_cancel(self) -> bool:
        """Whoever was sent by a client, or goes on from a session, has somewhere to go back to."""
        return self.half.attempt.sid is not None or self.half.handover.client is not None


@bp.get(ENROL)
def ask() -> flask.Response:
    """Show the QR code and the key, and the passkey beside it where that would do as well."""
    handover = received(parameters.query())
    found = _enrolling(handover)
    return _show(found) if found else start_again(handover)


@bp.get(ENROL_KEY)
def ask_for_key() -> flask.Response:
    """Offer to create a passkey."""
    handover = received(parameters.query())
    found = _enrolling(handover)
    if found is None or "key" not in found.kinds:
        return start_again(handover)
    # A key that cannot tell who holds it keeps no passkeys: browsers refuse to make one there.
    return _show_key(found, plain_key=parameters.query().get("kind") == "security-key")


@bp.post(ENROL)
def answer() -> flask.Response:
    """Confirm the authenticator by its first code, or skip where that is allowed."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    found = _enrolling(handover)
    if found is None:
        return start_again(handover)
    if (way_out := _way_out(form, found)) is not None:
        return way_out
    ctx, user = request_context(), found.half.user
    name = form.get("name") or _("Authenticator app")
    secret = _secret_of(found.half.attempt)
    if "totp" not in found.kinds:
        return start_again(handover)
    if totp.add(ctx, user.id, name, secret, form.get("code") or "") is None:
        error = _("That code is not right. Enter the one that the app shows now.")
        return _show(found, error)
    tell(ctx, user, Notice.TOTP_ADDED, name=name)
    return _bound(found, ("otp",))


@bp.post(ENROL_KEY)
def answer_with_key() -> flask.Response:
    """Bind the passkey that the browser made."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    found = _enrolling(handover)
    if found is None or "key" not in found.kinds:
        return start_again(handover)
    if (way_out := _way_out(form, found)) is not None:
        return way_out
    ctx, user = request_context(), found.half.user
    made = passkeys.finish_registration(
        ctx,
        user,
        form.get("ceremony") or "",
        form.get("credential") or "",
        csrf.browser_hash(),
        name=form.get("name") or "",
    )
    if isinstance(made, passkeys.Refused):
        return _show_key(found, words.passkey_not_made(made))
    tell(ctx, user, Notice.PASSKEY_ADDED, name=made.name)
    return _bound(found, ("bound",))


def _bound(found: Enrolling, shown: tuple[str, ...]) -> flask.Response:
    """Go on with the new factor; whoever has no recovery codes sees them now, this once."""
    ctx, user = request_context(), found.half.user
    codes: list[str] = []
    # Two windows at once must not each void what the other one shows.
    users.hold(ctx.db, user.id)
    if not recovery.remaining(ctx, user.id):
        codes = recovery.regenerate(ctx, user.id)

    def respond(way_on: str) -> flask.Response:
        return _codes(found.half.handover, codes, way_on) if codes else redirect(way_on)

    return advance(found.half, shown, respond, bound=True)


def _way_out(form: Parameters, found: Enrolling) -> flask.Response | None:
    """Return where a person goes who would rather not, where that is allowed."""
    if form.get("action") == "cancel" and found.can_cancel:
        return cancelled(form, found.half.handover)
    if form.get("action") != "skip" or not found.can_skip:
        return None
    service.decline_offer(request_context(), found.half.user.id)
    return go_without(found.half)


def _codes(handover: Handover, codes: list[str], way_on: str) -> flask.Response:
    return page(
        "recovery_codes",
        form_target=handover.target,
        client=handover.client,
        codes=codes,
        continue_url=way_on,
        continue_label=_("Continue to %(client)s", client=handover.client.name)
        if handover.client
        else _("Continue"),
    )


def _enrolling(handover: Handover) -> Enrolling | None:
    """Return what may be bound; None for who has to show a factor first, set up elsewhere."""
    half, kinds = half_done(handover), bindable(request_context())
    if half is None:
        return None
    attempt, user = half.attempt, half.user
    if attempt.purpose == "invite":
        # An invitation is accepted by what signs in alone, and only while it stands.
        stands = account_tickets.is_open(request_context(), user.id, attempt.ticket_id)
        return Enrolling(half=half, kinds=("key",), verdict=None) if stands else None
    if attempt.purpose in ("add", "step_up_by_binding"):
        return Enrolling(half=half, kinds=kinds, verdict=None)
    verdict = half.verdict()
    if not isinstance(verdict, Enrol):
        return None
    return Enrolling(half=half, kinds=verdict.kinds, verdict=verdict)


def _secret_of(attempt: LoginAttempt) -> str:
    """Return the TOTP secret that waits to be confirmed: derived, so it is kept nowhere yet."""
    master = request_context().house.get(MasterKey)
    return totp.secret_from(master.mac("totp-enrolment", attempt.id.encode()))


def _ceremony(found: Enrolling, *, plain_key: bool = False) -> Ceremony:
    csrf.token()
    return passkeys.begin_registration(
        request_context(), found.half.user, csrf.browser_hash(), discoverable=not plain_key
    )


def _shared(found: Enrolling) -> dict[str, Any]:
    handover, verdict = found.half.handover, found.verdict
    until = verdict.until if verdict is not None and not verdict.required else None
    return {
        "form_target": handover.target,
        "client": handover.client,
        "ticket": continuation.ticket("login", handover),
        "account": found.half.user.username,
        "reason": words.why_set_up(handover, verdict),
        "required": verdict is not None and verdict.required,
        "until": at_time(until) if until else None,
        "can_skip": found.can_skip,
        "cancel": found.can_cancel,
        "key_action": ENROL_KEY,
        "app_action": ENROL,
    }


def _show(found: Enrolling, error: str | None = None) -> flask.Response:
    ctx, secret = request_context(), _secret_of(found.half.attempt)
    issuer_name = ctx.settings.display_name
    uri = totp.provisioning_uri(secret, found.half.user.username, issuer_name)
    label = _("QR code for your authenticator app")
    both = "key" in found.kinds and found.half.attempt.purpose != "add"
    return page(
        "enrol",
        **_shared(found),
        error=error,
        passkey=_ceremony(found) if both else None,
        named=found.half.attempt.purpose == "add",
        qr=Markup(totp.qr_svg(uri, label=label)),  # noqa: S704 - segno's SVG, our label escaped
        manual_key=totp.manual_key(secret),
        issuer_name=issuer_name,
        otpauth_url=uri,
    )


def _show_key(
    found: Enrolling, error: str | None = None, *, plain_key: bool = False
) -> flask.Response:
    both = "totp" in found.kinds and found.half.attempt.purpose != "add"
    here = continuation.url(ENROL_KEY, "login", found.half.handover)
    return page(
        "enrol_passkey",
        **_shared(found),
        error=error,
        passkey=_ceremony(found, plain_key=plain_key),
        plain_key=plain_key,
        other_kind_url=here if plain_key else f"{here}&kind=security-key",
        app_url=continuation.url(ENROL, "login", found.half.handover) if both else None,
    )
