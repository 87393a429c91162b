"""How safe an account is, in one sentence with one thing to do: facts in, advice out."""

from dataclasses import dataclass

from idp.account.frame import AUTHENTICATORS, PROFILE
from idp.context import RequestContext
from idp.credentials import passkeys, recovery
from idp.credentials.owned import owned
from idp.login import service as login
from idp.policy.factors import Owned
from idp.policy.sign_in import Enrol, NeedFactor, SignInFacts, judge_sign_in
from idp.store.sessions import Standing
from idp.store.users import User
from idp.store.webauthn_credentials import Passkey
from idp.web.words import at_time, ngettext, zone_shown
from idp.web.words import gettext as _

FEW_CODES = 3
ADD_KEY, ADD_APP = "/account/passkey", "/account/authenticator"
NEW_CODES = "/account/recovery-codes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the advice is given on."""

    owned: Owned
    keys: tuple[Passkey, ...]
    codes_left: int
    demanded: Enrol | None
    step_asked: bool
    passkeys_here: bool
    unproved_mail: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The state of an account (`good`, `fair`, `bad`) and the one act that is recommended.

    The act is a form of ours (`post`) or a page (`href`).
    """

    level: str
    title: str
    sentence: str
    act: str | None = None
    post: str | None = None
    href: str | None = None


def advice_for(ctx: RequestContext, standing: Standing) -> Advice:
    """Return how safe the account is that we stand before."""
    user = standing.user
    demanded = login.judge(ctx, user, standing.session.amr)
    return advise(
        Facts(
            owned=owned(ctx, user),
            keys=tuple(passkeys.list_for(ctx, user.id)),
            codes_left=recovery.remaining(ctx, user.id),
            demanded=demanded if isinstance(demanded, Enrol) else None,
            step_asked=asks_for_second_step(ctx, user),
            passkeys_here=ctx.settings.passkeys,
            unproved_mail=bool(user.email and not user.email_verified and ctx.settings.sends_mail),
        )
    )


def asks_for_second_step(ctx: RequestContext, user: User) -> bool:
    """Tell whether signing in with the password takes something that the user has beside it.

    A code that we send is no second step as long as nobody asks for it.
    """
    policy = ctx.settings.second_factor_for(user.groups)
    facts = SignInFacts(amr=("pwd",), owned=owned(ctx, user), second_factor=policy)
    return isinstance(judge_sign_in(facts, ctx.now), NeedFactor)


def advise(facts: Facts) -> Advice:
    """Return the most pressing thing first."""
    has = facts.owned
    if suspected := [key for key in facts.keys if key.suspected_at]:
        return _suspected(suspected[0])
    if facts.demanded and facts.demanded.rule != "second_factor_is_offered":
        return _demanded(facts, facts.demanded)
    if not (has.key or has.totp):
        return _restricted(facts) if has.second_step and facts.step_asked else _one_step(facts)
    return _lifeline(facts) or _two_steps(facts)


def _suspected(key: Passkey) -> Advice:
    return Advice(
        level="bad",
        title=_("Look at one of your passkeys"),
        sentence=_(
            "“%(name)s” answered as a copy of it would. Remove it and add a new one, unless "
            "you know why.",
            name=key.name,
        ),
        act=_("Look at my passkeys"),
        href=AUTHENTICATORS,
    )


def _demanded(facts: Facts, demanded: Enrol) -> Advice:
    only_key = demanded.kinds == ("key",)
    if demanded.until and not demanded.required:
        when = {"when": at_time(demanded.until), "zone": zone_shown()}
        sentence = (
            _("From %(when)s (%(zone)s) on, signing in here takes a passkey.", **when)
            if only_key
            else _("From %(when)s (%(zone)s) on, signing in here takes a second step.", **when)
        )
    else:
        sentence = (
            _("Signing in here takes a passkey, and you have none yet.")
            if only_key
            else _("Signing in here takes a second step, and you have none yet.")
        )
    return Advice(level="bad", title=_("Something is missing"), sentence=sentence, **_add(facts))


def _one_step(facts: Facts) -> Advice:
    return Advice(
        level="bad",
        title=_("Protected by one step"),
        sentence=_("Whoever learns your password can sign in as you."),
        **_add(facts),
    )


def _restricted(facts: Facts) -> Advice:
    return Advice(
        level="fair",
        title=_("Protected by a code we send"),
        sentence=(
            _("Somebody else can come by a code on its way. A passkey cannot be intercepted.")
            if facts.passkeys_here
            else _("Somebody else can come by a code on its way. An authenticator app is safer.")
        ),
        **_add(facts),
    )


def _lifeline(facts: Facts) -> Advice | None:
    """Return what to do so that a lost device does not lock its owner out."""
    has = facts.owned
    if not has.password:
        if len(facts.keys) > 1:
            return None
        return Advice(
            level="fair",
            title=_("Protected by a passkey alone"),
            sentence=_("If you lose it, you lose your way in. Add a second one on another device."),
            **_add(facts),
        )
    if facts.codes_left > FEW_CODES:
        return None
    if not facts.codes_left:
        sentence = _("If you lose your device, nothing gets you in. Save some recovery codes.")
    else:
        sentence = ngettext(
            "Only %(num)d recovery code is left. Make new ones before you need them.",
            "Only %(num)d recovery codes are left. Make new ones before you need them.",
            facts.codes_left,
        )
    # Where some are left, they are voided on their own page, which says so.
    there = {"href": f"{AUTHENTICATORS}#recovery"} if facts.codes_left else {"post": NEW_CODES}
    return Advice(
        level="fair",
        title=_("Protected by two steps"),
        sentence=sentence,
        act=_("Make recovery codes"),
        **there,
    )


def _two_steps(facts: Facts) -> Advice:
    has = facts.owned
    if facts.unproved_mail:
        return Advice(
            level="fair",
            title=_("Well protected"),
            sentence=_(
                "Your email address is not verified, so we may not reach you when it counts."
            ),
            act=_("Verify my address"),
            href=PROFILE,
        )
    if has.key:
        return Advice(
            level="good",
            title=_("Well protected"),
            sentence=_("Your passkey keeps others out, even if you are led to a forged page."),
        )
    sentence = _("Your password and your authenticator app protect you.")
    if not facts.passkeys_here:
        return Advice(level="good", title=_("Protected by two steps"), sentence=sentence)
    return Advice(
        level="good",
        title=_("Protected by two steps"),
        sentence=_(
            "Your password and your authenticator app protect you. A passkey is quicker, and safe "
            "from forged pages."
        ),
        **_add(facts),
    )


def _add(facts: Facts) -> dict[str, str]:
    if facts.passkeys_here:
        return {"act": _("Add a passkey"), "post": ADD_KEY}
    return {"act": _("Add an authenticator app"), "post": ADD_APP}
