"""The second step of a sign-in: a passkey, a code from an app, a code that was sent or saved."""

from typing import Any

import flask

from idp.credentials import channel_codes, passkeys
from idp.credentials.channel_codes import Channel
from idp.credentials.owned import owned
from idp.login import browser, proofs, words
from idp.login.half_done import HalfDone, half_done
from idp.login.pages import TOO_MANY
from idp.login.proceed import advance, cancelled, hop, received, start_again
from idp.login.proofs import Code, Wait, Wrong
from idp.login.ways import PATHS, REFER
from idp.policy.factors import Step
from idp.policy.sign_in import NeedFactor
from idp.settings import SecondFactor
from idp.web import continuation, csrf, parameters
from idp.web.context import request_context
from idp.web.pages import page
from idp.web.parameters import Parameters

bp = flask.Blueprint("login_factor", __name__)
KEY = PATHS["key"]
CHANNELS: tuple[Step, ...] = ("text", "mail")
WAY_IDS: dict[Step, str] = {
    "key": "use-passkey",
    "totp": "use-authenticator",
    "text": "use-text",
    "mail": "use-mail",
    "recovery_code": "use-recovery",
}
_DAY = 24 * 3600
_CODE_STEPS: tuple[Step, ...] = ("totp", "text", "mail", "recovery_code")


def _ask_by_code(step: Step) -> flask.Response:
    handover = received(parameters.query())
    half = half_done(handover)
    return _show_code(step, half) if half and _has(step, half) else start_again(handover)


def _has(step: Step, half: HalfDone) -> bool:
    """Tell whether a step counts for this user; a page may be older than what does."""
    return step in owned(request_context(), half.user).steps


def _answer_by_code(step: Step) -> flask.Response:
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    half = half_done(handover)
    if half is None or not _has(step, half):
        return start_again(handover)
    if step in CHANNELS and form.get("action") == "send":
        return _send(step, half)
    return _check(step, half, form)


def _check(step: Step, half: HalfDone, form: Parameters) -> flask.Response:
    typed = form.get("recovery_code" if step == "recovery_code" else "code") or ""
    outcome = proofs.attempt_code(
        request_context(), half.user, Code(step, typed, half.attempt.id), browser.current()
    )
    if isinstance(outcome, Wait | Wrong):
        status = TOO_MANY if isinstance(outcome, Wait) else 200
        return _show_code(step, half, words.wrong_code(step, outcome), status)
    # A code that was saved for the day when all is lost is for that one sign-in.
    wished = form.get("trust") == "yes" and step != "recovery_code"
    return advance(half, (outcome,), trust=wished and _can_trust(half))


def _send(step: Step, half: HalfDone) -> flask.Response:
    sent = channel_codes.send(request_context(), half.user, Channel(step), half.attempt.id)
    if isinstance(sent, channel_codes.Wait):
        error = words.sent_enough(sent.time, over=sent.over)
        return _show_code(step, half, error, TOO_MANY)
    return hop(PATHS[step], half.handover)


def _show_code(
    step: Step, half: HalfDone, error: str | None = None, status: int = 200
) -> flask.Response:
    channel = Channel(step) if step in CHANNELS else None
    pending = channel is not None and channel_codes.pending(
        request_context(), half.attempt.id, channel
    )
    return page(
        "login_recovery" if step == "recovery_code" else "login_code",
        **_shared(step, half),
        status=status,
        action=PATHS[step],
        error=error,
        step=step,
        destination=channel_codes.destination(half.user, channel) if channel else None,
        sent=pending,
    )


def _shared(step: Step, half: HalfDone) -> dict[str, Any]:
    handover = half.handover
    days = _trusted_for(half) // _DAY
    return {
        "form_target": handover.target,
        "client": handover.client,
        "ticket": continuation.ticket("login", handover),
        "reason": words.why(handover),
        "because": words.because(handover),
        "lead": words.lead(half),
        "account": half.user.username,
        "trust_days": max(1, days) if _can_trust(half) else None,
        "besides": words.besides(handover),
        "ways": _other_ways(step, half),
        "cancel": handover.client is not None or half.attempt.sid is not None or handover.fresh,
    }


@bp.get(KEY)
def ask_key() -> flask.Response:
    """Ask for a passkey or security key of this user."""
    handover = received(parameters.query())
    half = half_done(handover)
    return _show_key(half) if half and _has("key", half) else start_again(handover)


@bp.post(KEY)
def answer_key() -> flask.Response:
    """Check the key."""
    form = parameters.form()
    csrf.check(form)
    handover = received(form)
    if (way_back := cancelled(form, handover)) is not None:
        return way_back
    half = half_done(handover)
    if half is None or not _has("key", half):
        return start_again(handover)
    ceremony, shown = form.get("ceremony") or "", form.get("credential") or ""
    outcome = proofs.attempt_key(request_context(), half.user, ceremony, shown, csrf.browser_hash())
    if isinstance(outcome, Wait):
        return _show_key(half, words.waiting(outcome.time), TOO_MANY)
    if isinstance(outcome, Wrong):
        return _show_key(half, words.wrong_passkey())
    return advance(half, outcome.amr, trust=form.get("trust") == "yes" and _can_trust(half))


def _show_key(half: HalfDone, error: str | None = None, status: int = 200) -> flask.Response:
    csrf.token()
    # Beside a password, or a link by mail, possession is enough: never more is asked than needed.
    alone = "pwd" not in half.attempt.amr and half.attempt.purpose != "recover"
    ceremony = passkeys.begin_factor(
        request_context(),
        half.user.id,
        csrf.browser_hash(),
        verify=alone,
    )
    return page(
        "login_key",
        **_shared("key", half),
        status=status,
        action=KEY,
        error=error,
        passkey=ceremony,
    )


@bp.get(REFER)
def refer() -> flask.Response:
    """Say that it goes on by the operator's link alone."""
    handover = received(parameters.query())
    back = continuation.url("/login", "login", handover.frame())
    return page("login_refer", client=handover.client, back_url=back)


def _other_ways(step: Step, half: HalfDone) -> list[dict[str, str]]:
    """Return the steps that would do as well, the strongest first."""
    verdict = half.verdict()
    if not isinstance(verdict, NeedFactor):
        return []
    others = [each for each in (*verdict.steps, *verdict.others) if each != step]
    return [
        {
            "id": WAY_IDS[each],
            "label": words.use_instead(each),
            "url": continuation.url(PATHS[each], "login", half.handover),
        }
        for each in others
    ]


def _can_trust(half: HalfDone) -> bool:
    """Tell whether this browser may be spared the second step for a while."""
    settings, attempt, handover = request_context().settings, half.attempt, half.handover
    strict = settings.second_factor_for(half.user.groups) is SecondFactor.PHISHING_RESISTANT
    asked = bool(handover.acr) or handover.fresh
    usual = attempt.purpose == "sign_in" and "pwd" in attempt.amr and attempt.ticket_id is None
    return usual and not asked and not strict and _trusted_for(half) > 0


def _trusted_for(half: HalfDone) -> int:
    """Return for how many seconds the policy would let it; judged anew when the step is shown."""
    return half.handover.asked.trust if half.handover.asked else 0


def _pages_of(step: Step) -> None:
    def ask() -> flask.Response:
        return _ask_by_code(step)

    def answer() -> flask.Response:
        return _answer_by_code(step)

    bp.add_url_rule(PATHS[step], f"ask_{step}", ask, methods=["GET"])
    bp.add_url_rule(PATHS[step], f"answer_{step}", answer, methods=["POST"])


for _step in _CODE_STEPS:
    _pages_of(_step)
