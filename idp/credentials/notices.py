"""Letters about a change of how somebody signs in (ASVS 5.0 §6.3.7).

Whoever performs a change calls `tell` beside it, with the user as the row stood before: so a letter
about another address goes to the old one.
"""

from enum import StrEnum
from urllib.parse import quote

from idp.context import RequestContext
from idp.delivery import service as delivery
from idp.store.users import User
from idp.web.device_words import describe
from idp.web.words import gettext as _

# The page on which somebody says that a sign-in was not them, and the one for a forgotten password.
NOT_ME, RECOVERY = "/account/not-me", "/recovery"


class Notice(StrEnum):
    """What a letter tells of."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name
    PASSWORD_RECOVERED = "password_recovered"  # noqa: S105 - a name
    PASSWORD_REMOVED = "password_removed"  # noqa: S105 - a name
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_SUSPECTED = "passkey_suspected"
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    FACTORS_RESET = "factors_reset"
    EMAIL_CHANGED = "email_changed"
    PHONE_CHANGED = "phone_changed"
    ACCOUNT_DELETED = "account_deleted"
    GUESSED_AT = "guessed_at"
    NEW_BROWSER = "new_browser"
    NEW_PLACE = "new_place"
    LONG_AWAY = "long_away"
    SIGN_IN_STOPPED = "sign_in_stopped"
    SIGN_IN_DISOWNED = "sign_in_disowned"
    SESSION_STOPPED = "session_stopped"
    SESSION_ENDED = "session_ended"
    SESSION_COPIED = "session_copied"
    COPIED_SESSION_ENDED = "copied_session_ended"


_COPIED = (Notice.SESSION_COPIED, Notice.COPIED_SESSION_ENDED)


def tell(ctx: RequestContext, user: User, what: Notice, **facts: str) -> None:
    """Write to the user about a change, if there is an address and mail is sent here.

    Facts: `name` of the passkey or app; `email`, the new address; of a sign-in, or what leads to
    one, its `place`, if that is known, `new_browser`, if it is one, `sign_in`, the decision, and
    for how long nobody had been there, `away`.
    """
    if not user.email:
        return
    subject, sentence = _words(what, facts)
    delivery.mail(
        ctx,
        to=user.email,
        subject=_("%(what)s · %(service)s", what=subject, service=ctx.settings.display_name),
        text=_letter(ctx, user, what, sentence, facts),
        # The address before may be dead: that is not to hold up the letters to the new one.
        about=f"{user.id}/email_before" if what is Notice.EMAIL_CHANGED else user.id,
    )


def _letter(
    ctx: RequestContext, user: User, what: Notice, sentence: str, facts: dict[str, str]
) -> str:
    """Return what happened, when, from where, and what to do if it was somebody else."""
    origin, place = ctx.origin, facts.get("place")
    told = [
        _("Hello %(name)s,", name=user.display_name),
        sentence,
        "\n".join(
            [
                _("Account: %(username)s", username=user.username),
                _("When: %(when)s UTC", when=f"{ctx.now:%Y-%m-%d %H:%M}"),
                _("Browser: %(device)s", device=_device(origin.user_agent)),
                *([_("Place: %(place)s (approximate)", place=place)] if place else []),
                *([_("Address: %(address)s", address=origin.address)] if origin.address else []),
            ]
        ),
        # Who was stopped may well be the owner, by somebody who had gone on before.
        _("If you copied or set back this browser's data yourself, there is nothing else to do.")
        if what in _COPIED
        else _("If this was you, there is nothing to do."),
        _if_not(ctx, what, facts.get("sign_in")),
        _("We never ask for your password or a code by mail."),
    ]
    return "\n\n".join(told) + "\n"


def _device(user_agent: str) -> str:
    return describe(user_agent) if user_agent else _("none; done by the people who run the service")


def _if_not(ctx: RequestContext, what: Notice, sign_in: str | None) -> str:
    support = ctx.settings.support_url
    if support.startswith("/"):
        support = ctx.settings.issuer + support
    help_line = _("Or get help: %(url)s", url=support) if support else ""
    if sign_in:
        # The page asks who is there before it does anything: a mail scanner opens every link.
        first = _(
            "If it was not you, say so here. Everybody is signed out, and you choose a new "
            "password: %(url)s",
            url=f"{ctx.settings.issuer}{NOT_ME}?sign_in={quote(sign_in)}",
        )
    elif what in (Notice.PASSWORD_CHANGED, Notice.PASSWORD_RECOVERED):
        # Whoever it was has the password by now: its owner gets in by another link alone.
        first = _(
            "If it was not you, choose another password. Everybody else is signed out by that: "
            "%(url)s",
            url=f"{ctx.settings.issuer}{RECOVERY}",
        )
    elif what is Notice.ACCOUNT_DELETED:
        first = _("If it was not you, tell the people who run this service at once.")
    elif what in _COPIED:
        first = _(
            "If not, somebody had your session: look at what happened, sign out everywhere and "
            "change your password: %(url)s",
            url=f"{ctx.settings.issuer}/account/activity",
        )
    else:
        first = _(
            "If it was not you, look at what happened, sign out everywhere and change your "
            "password: %(url)s",
            url=f"{ctx.settings.issuer}/account/activity",
        )
    return "\n".join(line for line in (first, help_line) if line)


def _words(what: Notice, facts: dict[str, str]) -> tuple[str, str]:
    """Return the subject and the sentence of a letter."""
    name = facts.get("name") or ""
    table = {
        Notice.PASSWORD_CHANGED: (
            _("Your password was changed"),
            _("The password of your account was changed. Other sessions were ended."),
        ),
        Notice.PASSWORD_RECOVERED: (
            _("Your password was changed"),
            _(
                "By a link for a forgotten password, a new one was chosen, in a browser that is "
                "new to us. Other sessions were ended."
            )
            if facts.get("new_browser")
            else _(
                "By a link for a forgotten password, a new one was chosen. Other sessions were "
                "ended."
            ),
        ),
        Notice.PASSWORD_REMOVED: (
            _("Your password was removed"),
            _("Your account has no password any more. You sign in with a passkey."),
        ),
        Notice.PASSKEY_ADDED: (
            _("A passkey was added"),
            _("The passkey “%(name)s” was added to your account. It can sign you in.", name=name),
        ),
        Notice.PASSKEY_REMOVED: (
            _("A passkey was removed"),
            _("The passkey “%(name)s” cannot sign you in any more.", name=name),
        ),
        Notice.PASSKEY_SUSPECTED: (
            _("There may be a copy of your passkey"),
            _(
                "The passkey “%(name)s” answered in a way that a copy of it would. If you do not "
                "know why, remove it and add a new one.",
                name=name,
            ),
        ),
        Notice.TOTP_ADDED: (
            _("An authenticator app was added"),
            _("The authenticator app “%(name)s” was added to your account.", name=name),
        ),
        Notice.TOTP_REMOVED: (
            _("An authenticator app was removed"),
            _("Codes of the authenticator app “%(name)s” are not taken any more.", name=name),
        ),
        Notice.RECOVERY_CODES_MADE: (
            _("New recovery codes were made"),
            _("New recovery codes were made for your account. The old ones are void."),
        ),
        Notice.RECOVERY_CODE_USED: (
            _("A recovery code was used"),
            _("A recovery code of your account was used up: it stood for your second step."),
        ),
        Notice.FACTORS_RESET: (
            _("Your second step was reset"),
            _(
                "The people who run this service took your second steps away, so that you can set "
                "up new ones."
            ),
        ),
        Notice.EMAIL_CHANGED: (
            _("Your email address was changed"),
            _(
                "Your account has the email address %(email)s now. This letter went to the one "
                "before.",
                email=facts.get("email") or _("none"),
            ),
        ),
        Notice.PHONE_CHANGED: (
            _("Your phone number was changed"),
            _("The phone number of your account was changed."),
        ),
        Notice.ACCOUNT_DELETED: (
            _("Your account was deleted"),
            _("Your account was deleted, with everything that belonged to it."),
        ),
        Notice.GUESSED_AT: (
            _("Many wrong attempts, then a right one"),
            _(
                "Somebody entered a wrong password or code for your account many times, and then "
                "the right one."
            ),
        ),
        Notice.NEW_BROWSER: (
            _("A new browser signed in to your account"),
            _("Your account was used to sign in from a browser that is new to us."),
        ),
        Notice.NEW_PLACE: (
            _("Your account was used in a new place"),
            _(
                "A browser that you used before signed in to your account from a country where "
                "you had not signed in yet."
            ),
        ),
        Notice.LONG_AWAY: (
            _("Your account was used again"),
            _(
                "A browser that you used before signed in to your account. Nobody had done so for "
                "%(time)s.",
                time=facts.get("away") or "",
            ),
        ),
        Notice.SIGN_IN_STOPPED: (
            _("Somebody had your password, and was not let in"),
            _(
                "The right password for your account was entered in a browser that is new to us. "
                "A second step was asked for and not shown, so nobody was let in."
            ),
        ),
        Notice.SIGN_IN_DISOWNED: (
            _("Everybody was signed out of your account"),
            _(
                "Somebody who had proved to be you said that a sign-in was not them. Everybody "
                "else was signed out, other browsers were forgotten, and the password, if there "
                "was one, is a new one."
            ),
        ),
        Notice.SESSION_STOPPED: (
            _("One of your sessions was stopped"),
            _(
                "A session of yours was used from somewhere that does not fit it, as a stolen one "
                "would be. It is good for nothing until you confirm in your browser that it is you."
            ),
        ),
        Notice.SESSION_ENDED: (
            _("One of your sessions was ended"),
            _(
                "A session of yours was used from somewhere that does not fit it, as a stolen one "
                "would be. We ended it. Sign in again where you need it."
            ),
        ),
        Notice.SESSION_COPIED: (
            _("There may be a copy of your session"),
            _(
                "The cookies that keep you signed in were used as if somebody had a copy of them. "
                "They open nothing any more. Confirm in your browser that it is you: it is given "
                "new ones then, and nobody else is."
            ),
        ),
        Notice.COPIED_SESSION_ENDED: (
            _("There may be a copy of your session"),
            _(
                "The cookies of a session of yours were used as if somebody had a copy of them. We "
                "ended it. Sign in again where you need it."
            ),
        ),
    }
    return table[what]
