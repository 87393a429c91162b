"""Where each thing that is missing is asked for, and what its page is told."""

from dataclasses import replace

from idp.credentials import channel_codes
from idp.credentials.channel_codes import Channel
from idp.login.sign_in import Judged
from idp.policy.at_sign_in import asks, shortened
from idp.policy.factors import Step
from idp.policy.sign_in import LEVEL_IS_MISSING, Enrol, NeedFactor, NoRoom, Refer, Verdict
from idp.store.users import User
from idp.web import continuation
from idp.web.context import request_context
from idp.web.continuation import Asked, Handover
from idp.web.policy_words import as_sentence

HOME = "/account"
PATHS: dict[Step, str] = {
    "key": "/login/key",
    "totp": "/login/code",
    "text": "/login/text",
    "mail": "/login/mail",
    "recovery_code": "/login/recovery",
}
ENROL, ENROL_KEY, REFER = "/login/enrol", "/login/enrol/passkey", "/login/refer"
ROOM = "/login/room"
# People read why, not everything that a score is made of.
_REASONS_TOLD = 2


def asked_of(judged: Judged) -> Asked:
    """Return what the policy says of a sign-in, as far as pages speak of it."""
    decided = judged.decided
    said, limits = decided.judgement, decided.judgement.limits
    by_name = {it.name: it for it in decided.policy.rules}
    asking = [by_name[name] for name in asked_by(judged) if name in by_name]
    # A rule that looks at nothing unusual has other reasons, and one with words of its own says it.
    of_risk = any(bool(it.when.risks or it.when.devices) and not it.because for it in asking)
    unusual = [it for it in decided.seen.risk.contributions if of_risk and it.weight > 0]
    short = shortened(said, decided.policy.defaults)
    return Asked(
        step=asks(said),
        level=said.acr,
        told=" ".join(as_sentence(it.because) for it in asking if it.because),
        because=tuple((it.name, it.detail) for it in unusual[:_REASONS_TOLD]),
        trust=int(limits.trusted_device.total_seconds()),
        lasts=int(limits.absolute.total_seconds()) if short else None,
        places=limits.sessions if isinstance(judged.verdict, NoRoom) else 0,
    )


def asked_by(judged: Judged) -> tuple[str, ...]:
    """Return the rules that want something: who wants a level that is missing goes before."""
    said = judged.decided.judgement
    if judged.verdict.rule != LEVEL_IS_MISSING:
        return (said.rule,)
    return tuple(dict.fromkeys((said.acr_by, said.rule)))


def onward(
    handover: Handover, verdict: Verdict, attempt: str, asked: Asked | None = None
) -> Handover:
    """Return what the next page is told: why somebody asked in the first place goes before."""
    if handover.fresh and handover.reason is not None:
        return replace(handover, attempt=attempt, identifier="", user_id=None, asked=asked)
    return replace(handover.frame(reason=verdict.rule, attempt=attempt), asked=asked)


def way(user: User, verdict: Verdict, going_on: Handover) -> str:
    """Return where the missing thing is asked for; a code that must be sent is on its way."""
    if isinstance(verdict, Refer):
        return continuation.url(REFER, "login", going_on)
    if isinstance(verdict, NoRoom):
        return continuation.url(ROOM, "login", going_on)
    if isinstance(verdict, NeedFactor):
        first = verdict.steps[0]
        if first in ("text", "mail") and going_on.attempt is not None:
            ctx = request_context()
            channel_codes.send(ctx, user, Channel(first), going_on.attempt)
        return continuation.url(PATHS[first], "login", going_on)
    only_key = isinstance(verdict, Enrol) and verdict.kinds == ("key",)
    return continuation.url(ENROL_KEY if only_key else ENROL, "login", going_on)
