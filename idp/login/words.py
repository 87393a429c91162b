"""What the pages say: why we ask, what was wrong, how long to wait."""

from datetime import timedelta

from flask_babel import format_timedelta

from idp.credentials.passkeys import Refused
from idp.judgement.policies import Policies
from idp.kernel.clock import epoch
from idp.login.asked_words import unusual
from idp.login.half_done import HalfDone
from idp.login.proofs import Wait, Wrong
from idp.policy.factors import Step
from idp.policy.sign_in import LEVEL_IS_MISSING, Enrol
from idp.web.context import request_context
from idp.web.continuation import Handover
from idp.web.policy_words import as_sentence, why_of
from idp.web.words import gettext as _

# The rules by which a sign-in asks for more because the policy of sessions does.
POLICY_ASKS = ("policy_asks_for_a_step", LEVEL_IS_MISSING)
# Who is sent to set up a step by one of these is told so.
_WANTS_MORE = ("client_wants_more", "policy_wants_more")
# Who is asked for these is asked because of how old the last proof is.
_OLD = frozenset({"too_long_ago", "proof_is_old", "policy_wants_recent"})


def why(handover: Handover) -> str | None:
    """Return who asks for what, and why now."""
    client = handover.client
    asker = client.name if client else ""
    reasons = {
        "client_asks": _("%(client)s asks you to confirm that it is you.", client=asker),
        "too_long_ago": _("%(client)s wants a recent sign-in.", client=asker),
        "other_account": _("%(client)s needs you to use another account.", client=asker)
        if client
        else _("This is for another account."),
        "proof_is_old": _what(handover),
        "step_is_missing": _join(
            _what(handover),
            _("That takes your second step too, and you were signed in here without it."),
        ),
        "level_is_missing": _join(
            _what(handover), _("The rules of this service want a surer proof for that.")
        ),
        "session_over": _("Your session is over. Please sign in again."),
        "session_challenged": _join(
            _("Something about your session changed."),
            _rule(handover),
            _("Confirm that it is you."),
        ),
        "session_ended": _join(
            _("The rules of this service ended your session."),
            _rule(handover),
            _("Please sign in again."),
        ),
        "policy_asks": _join(
            _("The rules of this service ask you to confirm that it is you."), _rule(handover)
        ),
        "policy_wants_recent": _join(
            _("The rules of this service want a recent sign-in for this."), _rule(handover)
        ),
        "policy_wants_more": _join(
            _("The rules of this service ask for a surer proof than you have shown here."),
            _rule(handover),
        ),
        "step_lost": _("That step is over or belongs to another browser. Please start again."),
        "client_wants_more": _(
            "%(client)s asks for a surer proof than you have shown here.", client=asker
        )
        if client
        else _("This takes a surer proof than you have shown here."),
        "asked_level_is_shown": _("%(client)s asks for this kind of proof.", client=asker),
        "phishing_resistance_is_shown": _("Your account signs in with a passkey."),
        "factor_is_not_bypassed": _(
            "A link by mail is not enough to choose a new password: show your second step too."
        ),
    }
    return reasons.get(handover.reason or "") or _policy_asks(handover)


def _rule(handover: Handover) -> str | None:
    """Return what the rule of the policy says of itself that wants it, if one does."""
    if not handover.rule:
        return None
    ctx = request_context()
    return as_sentence(why_of(ctx.house.get(Policies).current(ctx.now), handover.rule))


def _what(handover: Handover) -> str:
    """Return what is about to happen, and who wants it."""
    client = handover.client
    if handover.what == "set_up_a_step" and client:
        return _("%(client)s asks for a proof that you have yet to set up.", client=client.name)
    acts = {
        "set_up_a_step": _("You are about to set up how you sign in."),
        "email": _("You are about to change your email address."),
        "phone": _("You are about to change your phone number."),
        "password": _("You are about to change your password."),
        "authenticators": _("You are about to change how you sign in."),
        "devices": _("You are about to sign out devices or forget browsers."),
        "data": _("You are about to take a copy of your data."),
        "delete": _("You are about to delete your account."),
        "not_me": _(
            "You are about to say that a sign-in was not you. That takes a new proof each time."
        ),
    }
    fallback = _("You are about to change something that matters for your account.")
    return acts.get(handover.what or "", fallback)


def _policy_asks(handover: Handover) -> str | None:
    """Return why the policy asks for more than was shown."""
    asked = handover.asked
    if asked is None or handover.reason not in POLICY_ASKS:
        return None
    first = (
        _("We ask for one more step, to be sure that it is you.")
        if asked.because
        else _("The people who run this service ask for one more step here.")
    )
    return asked.told or first


def because(handover: Handover) -> list[str]:
    """Return what is unusual where we ask for that, a sentence each."""
    asked = handover.asked
    if asked is None or handover.reason not in POLICY_ASKS:
        return []
    return unusual(asked)


def besides(handover: Handover) -> str | None:
    """Return how old the last proof is, and how long a session lasts that is shorter than usual."""
    return _join(_age(handover) if why(handover) else None, _lasts(handover)) or None


def _lasts(handover: Handover) -> str | None:
    asked = handover.asked
    if asked is None or asked.lasts is None:
        return None
    return _("This time you stay signed in for %(time)s at most.", time=_span(asked.lasts))


def _join(*sentences: str | None) -> str:
    return " ".join(each for each in sentences if each)


def _age(handover: Handover) -> str | None:
    """Return how old the last proof is, and may be, where that is why somebody is asked."""
    if handover.proved_at is None or not _age_matters(handover):
        return None
    seconds = max(0, epoch(request_context().now) - handover.proved_at)
    old = _span(seconds)
    if not handover.age:
        return _("You last proved who you are %(old)s ago.", old=old)
    return _(
        "For that, your last proof may be %(age)s old; it is %(old)s old.",
        age=_span(handover.age),
        old=old,
    )


def _age_matters(handover: Handover) -> bool:
    if handover.reason in _OLD:
        return True
    ctx = request_context()
    rules = ctx.house.get(Policies).current(ctx.now).rules
    by_age = {rule.name for rule in rules if rule.when.proof_older_than is not None}
    return handover.reason == "policy_asks" and handover.rule in by_age


def _span(seconds: int) -> str:
    """Return a length of time as a person would say it."""
    return str(format_timedelta(timedelta(seconds=seconds), threshold=1.5))


def lead(half: HalfDone) -> str:
    """Return what the step is the last one of."""
    if half.attempt.purpose == "recover":
        return _("One more step before you choose a new password.")
    if half.attempt.sid is not None or half.handover.fresh:
        return _("One more step to confirm that it is you.")
    client = half.handover.client
    if client:
        return _("The last step to sign in to %(client)s.", client=client.name)
    return _("The last step to sign in.")


def why_set_up(handover: Handover, verdict: Enrol | None) -> str | None:
    """Return the reason why a factor is to be set up."""
    if verdict is None:
        return why(handover) if handover.reason in _WANTS_MORE else None
    told = handover.asked.told if handover.asked else ""
    reasons = {
        "reset_takes_the_ticket": _(
            "Your second step was reset. Set up a new one before you go on."
        ),
        LEVEL_IS_MISSING: told
        or _("Your account needs a surer proof here than you have set up yet."),
        "key_is_required": _("Your account needs a passkey before you go on.")
        if verdict.required
        else _("Your account will need a passkey."),
        "second_factor_is_required": _("Your account needs a second step before you go on.")
        if verdict.required
        else _("Your account will need a second step."),
    }
    return reasons.get(verdict.rule)


def use_instead(step: Step) -> str:
    """Return the words of the link to another step."""
    return {
        "key": _("Use a passkey or security key"),
        "totp": _("Use your authenticator app"),
        "text": _("Get a code by text message"),
        "mail": _("Get a code by mail"),
        "recovery_code": _("Use a recovery code"),
    }[step]


def wrong_password(outcome: Wait | Wrong) -> str:
    """Return what to say when a password did not do: the same for every cause."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    return _("That user name and password do not match. Check both and try again.")


def wrong_code(step: Step, outcome: Wait | Wrong) -> str:
    """Return what to say when a code did not do."""
    if isinstance(outcome, Wait):
        return waiting(outcome.time)
    if step == "recovery_code":
        return _("That is not one of your unused recovery codes. Check it letter by letter.")
    if step == "totp":
        return _("That code is not right, or it was used already. Enter the one that shows now.")
    return _("That code is not right, or too old. Check it, or get a new one.")


def wrong_passkey() -> str:
    """Return what to say when a passkey did not do: the same for every cause."""
    return _("That passkey could not be accepted. Try again, or use another way.")


def passkey_not_made(refused: Refused) -> str:
    """Return what to say when a passkey could not be bound."""
    reasons = {
        "duplicate": _("That passkey is registered already. Use another device or key."),
        "too_many": _("You have as many passkeys as one account can have. Remove one first."),
        "attestation": _("This kind of passkey or key is not accepted here. Use another one."),
    }
    return reasons.get(refused.reason, _("The passkey could not be created. Please try again."))


def waiting(time: timedelta) -> str:
    """Return how long to wait, in the unit that a person would use."""
    return _("Too many attempts. Wait %(time)s and try again.", time=_wait(time))


def sent_enough(time: timedelta, *, over: bool) -> str:
    """Return why no other code is sent now."""
    if over:
        return _("No more codes are sent for this sign-in. Go back and start again.")
    return _("You can get another code in %(time)s.", time=_wait(time))


def _wait(time: timedelta) -> str:
    seconds = max(1, round(time.total_seconds()))
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds > 1.5 * length:
            rounded = timedelta(seconds=-(-seconds // length) * length)
            return str(format_timedelta(rounded, granularity=unit, threshold=10))
    return str(format_timedelta(timedelta(seconds=seconds), granularity="second", threshold=10))
