"""What each event says to the person whom it concerns, and why it happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.web.end_words import BY_ADMIN, BY_POLICY
from idp.web.policy_words import why
from idp.web.words import gettext as _
from idp.web.words import ngettext

# Whoever did these had not proved who they are.
NOT_YOURS = frozenset({"login.failed", "recovery.requested", "passkey.suspected"})
_WORRYING = NOT_YOURS | {
    "device.revoked",
    "factors.reset",
    "password.recovered",
    "recovery_code.used",
    "refresh_token.reused",
    "session.challenged",
    "sign_in.refused",
    "tokens.revoked",
    "user.disabled",
}
# What an application does by itself every few minutes would bury all else within hours. When it was
# used last stands on the applications page.
ROUTINE = frozenset({"refresh_token.retried", "refresh_token.rotated"})
# What goes along with something that says more: it is there to be read, but steps back.
_QUIET = frozenset(
    {
        "channel_code.accepted",
        "channel_code.sent",
        "device.known",
        "factor.demanded",
        "factor_offer.declined",
        "grant.ended",
        "grant.opened",
        "passkey.accepted",
        "passkey.backup_changed",
        "password.rehashed",
        "session.limits_changed",
        "totp.accepted",
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """One event in one sentence."""

    text: str
    worrying: bool = False
    quiet: bool = False


def in_words(name: str, data: Mapping[str, Any], client: str | None) -> Words:
    """Return what happened; of an event without words of its own, its name."""
    told = _told(data, client or _("An application")).get(name)
    text = told or _("Something else happened: %(name)s", name=name)
    return Words(text, worrying=name in _WORRYING, quiet=name in _QUIET)


def _told(data: Mapping[str, Any], app: str) -> dict[str, str]:
    return {**_of_signing_in(data), **_of_factors(data), **_of_account(data), **_of_apps(app)}


def _of_signing_in(data: Mapping[str, Any]) -> dict[str, str]:
    factors = {
        "password": _("A wrong password was entered."),
        "totp": _("A wrong code of an authenticator app was entered."),
        "recovery_code": _("A wrong recovery code was entered."),
        "passkey": _("A passkey was not accepted."),
    }
    by_mail = data.get("channel") == "mail"
    return {
        "login.failed": factors.get(str(data.get("factor")), _("A wrong code was entered.")),
        "session.opened": _("You signed in."),
        "sign_in.refused": _("Somebody with the right proofs was not let in."),
        "session.proved": _("You confirmed that it is you."),
        "session.challenged": _("A session was stopped until you confirm that it is you."),
        "session.limits_changed": _("A session got another end."),
        "session.ended": _("A session ended."),
        "device.known": _("A browser signed you in for the first time."),
        "device.trusted": _("A browser was trusted to go without a second step."),
        "device.forgotten": _("A browser was forgotten."),
        "device.revoked": _("The people who run this service made a browser new to us again."),
        "devices.forgotten": ngettext(
            "%(num)d browser was forgotten.",
            "%(num)d browsers were forgotten.",
            int(data.get("count") or 0),
        ),
        "devices.distrusted": ngettext(
            "%(num)d browser must show the second step again.",
            "%(num)d browsers must show the second step again.",
            int(data.get("count") or 0),
        ),
        "channel_code.sent": _("A code was sent by mail.")
        if by_mail
        else _("A code was sent by text message."),
        "channel_code.accepted": _("A code sent by mail was used.")
        if by_mail
        else _("A code sent by text message was used."),
        "sign_in.confirmed": _("You said that a sign-in was you."),
        "sign_in.disowned": _("You said that a sign-in was not you. All others were ended."),
        "factor.demanded": _("You were asked to set up a second step."),
        "factor_offer.declined": _("You said “not now” to a second step."),
    }


def _of_factors(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        "password.set": _("A password was set."),
        "password.rehashed": _("The way in which your password is kept was renewed."),
        "password.removed": _("Your password was removed."),
        "password.recovered": _("A forgotten password was replaced by a link sent by mail."),
        "recovery.requested": _("A link to choose a new password was asked for."),
        "totp.added": _("An authenticator app was added."),
        "totp.removed": _("An authenticator app was removed."),
        "totp.renamed": _("An authenticator app got another name."),
        "totp.accepted": _("A code of your authenticator app was used."),
        "recovery_codes.made": _("New recovery codes were made; the old ones are void."),
        "recovery_codes.voided": _("Your recovery codes went with your last second step."),
        "recovery_code.used": ngettext(
            "A recovery code was used; %(num)d is left.",
            "A recovery code was used; %(num)d are left.",
            int(data.get("remaining") or 0),
        ),
        "passkey.added": _("A passkey was added."),
        "passkey.removed": _("A passkey was removed."),
        "passkey.renamed": _("A passkey got another name."),
        "passkey.accepted": _("A passkey was used."),
        "passkey.acknowledged": _("You said that you know why a passkey was not accepted."),
        "passkey.suspected": _("A passkey answered as a copy of it would; it was not accepted."),
        "passkey.backup_changed": _("A passkey is synced between devices now.")
        if data.get("backed_up")
        else _("A passkey is not synced between devices any more."),
        "factors.reset": _("Your second steps were taken away, so that you can set up new ones."),
        "factors.rebound": _("You set up a second step again after it was reset."),
    }


def _of_account(data: Mapping[str, Any]) -> dict[str, str]:
    fields = set(data.get("fields") or [])
    changed = _("Your profile was changed.")
    if fields & {"email", "email_verified"}:
        changed = _("Your email address was changed or verified.")
    elif fields & {"phone_number", "phone_number_verified"}:
        changed = _("Your phone number was changed or verified.")
    elif "groups" in fields:
        changed = _("The groups that you belong to were changed.")
    return {
        "user.created": _("Your account was made."),
        "user.invited": _("You were invited to set up your account."),
        "user.registered": _("You opened your account."),
        "user.changed": changed,
        "user.disabled": _("Your account was closed for signing in."),
        "user.enabled": _("Your account was opened for signing in again."),
        "user.deleted": _("Your account was deleted."),
        "invitation.accepted": _("You set up your account."),
        "email_change.requested": _("You named another email address. A mail was sent there."),
        "account.exported": _("A copy of your data was downloaded."),
    }


def _of_apps(app: str) -> dict[str, str]:
    return {
        "consent.given": _("You let %(app)s see your details.", app=app),
        "consent.denied": _("You did not let %(app)s see your details.", app=app),
        "consent.revoked": _("You disconnected %(app)s.", app=app),
        "grant.opened": _("%(app)s was let in.", app=app),
        "grant.redeemed": _("You signed in to %(app)s.", app=app),
        "grant.ended": _("%(app)s lost its access.", app=app),
        "refresh_token.reused": _(
            "Somebody showed an old key of %(app)s. It was signed out, to be safe.", app=app
        ),
        "tokens.revoked": _("The people who run this service ended sign-ins of yours."),
    }


def reason_in_words(reason: object) -> str:
    """Return why something happened; what an operator wrote stands as it is."""
    if not isinstance(reason, str):
        return ""
    known = {
        "absolute_timeout": _("It had lasted for as long as a sign-in may."),
        "admin:global_token_revocation": _("A security system of this service ended it."),
        "another_account": _("Somebody signed in with another account in the same browser."),
        "client_disabled": _("The application was turned off by the people who run this service."),
        "client_logout": _("An application signed you out."),
        "client_revoked": _("The application gave its access back."),
        "code_reused": _("The application's code was used twice, so it is worth nothing."),
        "consent_revoked": _("You disconnected the application."),
        "factors_reset": _("The people who run this service took your second steps away."),
        "factor_removed": _("A way of signing in was removed."),
        "idle_timeout": _("It had not been used for a while."),
        "maybe_copied": _("A session was used as if its cookies had been copied."),
        "not_me": _("You said that a sign-in was not you."),
        "password_changed": _("The password was changed."),
        "password_recovered": _("The forgotten password was replaced."),
        "password_removed": _("The password was removed."),
        "password_reset": _("The people who run this service set a new password."),
        "session_limit": _(
            "Somebody signed in elsewhere, and your account can be used in only so many places at "
            "a time."
        ),
        "refresh_token_reused": _(
            "An old key of the application was used again; it may have been stolen."
        ),
        "user_deleted": _("The account was deleted."),
        "user_disabled": _("The account was closed for signing in."),
        "user_ended": _("You ended it on your devices page."),
        "user_logout": _("You signed out."),
    }
    if reason.startswith(BY_ADMIN) and reason not in known:
        said = reason.removeprefix(BY_ADMIN)
        return _("The people who run this service ended it: %(why)s", why=said)
    if reason.startswith(BY_POLICY):
        rule = why(reason.removeprefix(BY_POLICY))
        return _("It was ended to protect you. %(rule)s.", rule=rule)
    return known.get(reason, reason)
