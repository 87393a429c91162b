"""The mails that carry a link, and the one without because there is an account already."""

from datetime import timedelta

from idp.context import RequestContext
from idp.delivery import service as delivery
from idp.store.users import User
from idp.web.device_words import describe
from idp.web.words import gettext as _
from idp.web.words import ngettext


def send_recovery(
    ctx: RequestContext, user: User, link: str, lifetime: timedelta, user_agent: str
) -> None:
    """Send the link to choose a new password."""
    _send(
        ctx,
        str(user.email),
        user.id,
        lifetime,
        _("Choose a new password"),
        _hello(user),
        _(
            "Somebody asked for a new password for %(username)s. If it was you, open this link "
            "within %(time)s, in the browser where you asked:\n%(link)s",
            username=user.username,
            time=span(lifetime),
            link=link,
        ),
        _("It was asked for in: %(device)s.", device=describe(user_agent)) if user_agent else None,
        _("If it was not you, there is nothing to do: your old password stays."),
    )


def send_operators_recovery(
    ctx: RequestContext, user: User, link: str, lifetime: timedelta
) -> None:
    """Send the link to choose a new password that an operator made."""
    _send(
        ctx,
        str(user.email),
        user.id,
        lifetime,
        _("Choose a new password"),
        _hello(user),
        _(
            "The people who run %(service)s made a link for you to choose a new password. Open it "
            "within %(time)s:\n%(link)s",
            service=ctx.settings.display_name,
            time=span(lifetime),
            link=link,
        ),
    )


def send_invitation(ctx: RequestContext, user: User, link: str, lifetime: timedelta) -> None:
    """Send the link to set up an account."""
    _send(
        ctx,
        str(user.email),
        user.id,
        lifetime,
        _("Set up your account"),
        _hello(user),
        _(
            "There is an account for you at %(service)s. Its name is %(username)s. Open this link "
            "within %(time)s to choose how you sign in:\n%(link)s",
            service=ctx.settings.display_name,
            username=user.username,
            time=span(lifetime),
            link=link,
        ),
        _("If you did not expect this, there is nothing to do."),
    )


def send_reset(ctx: RequestContext, user: User, link: str, lifetime: timedelta) -> None:
    """Send the link to set up second steps again."""
    _send(
        ctx,
        str(user.email),
        user.id,
        lifetime,
        _("Set up your second step again"),
        _hello(user),
        _(
            "The people who run %(service)s took your second steps away. Open this link within "
            "%(time)s, sign in with your password and set up new ones:\n%(link)s",
            service=ctx.settings.display_name,
            time=span(lifetime),
            link=link,
        ),
    )


def send_registration(
    ctx: RequestContext, address: str, about: str, link: str, lifetime: timedelta
) -> None:
    """Send the link to open an account."""
    _send(
        ctx,
        address,
        about,
        lifetime,
        _("Open your account"),
        _("Hello,"),
        _(
            "Somebody wants to open an account with this address. If it was you, open this link "
            "within %(time)s:\n%(link)s",
            time=span(lifetime),
            link=link,
        ),
        _("If it was not you, there is nothing to do: there will be no account."),
    )


def send_account_exists(ctx: RequestContext, address: str, about: str) -> None:
    """Tell an address, and nobody else, that it has an account already."""
    issuer = ctx.settings.issuer
    _send(
        ctx,
        address,
        about,
        ctx.settings.invitation_lifetime,
        _("You have an account already"),
        _("Hello,"),
        _("Somebody wants to open an account with this address. There is one already."),
        _("Sign in: %(url)s", url=f"{issuer}/login"),
        _("Forgotten your password? %(url)s", url=f"{issuer}/recovery"),
        _("If it was not you, there is nothing to do."),
    )


def span(time: timedelta) -> str:
    """Return a lifetime as a person would say it."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 120:
        return ngettext("%(num)d minute", "%(num)d minutes", minutes)
    if minutes < 48 * 60:
        return ngettext("%(num)d hour", "%(num)d hours", minutes // 60)
    return ngettext("%(num)d day", "%(num)d days", minutes // (24 * 60))


def _hello(user: User) -> str:
    return _("Hello %(name)s,", name=user.display_name)


def _send(
    ctx: RequestContext,
    to: str,
    about: str,
    lifetime: timedelta,
    subject: str,
    *paragraphs: str | None,
) -> None:
    """Queue a mail that is worth nothing after its link."""
    closing = _("We never ask for your password or a code by mail.")
    told = [each for each in (*paragraphs, closing) if each]
    delivery.mail(
        ctx,
        to=to,
        subject=_("%(what)s · %(service)s", what=subject, service=ctx.settings.display_name),
        text="\n\n".join(told) + "\n",
        about=about,
        good_until=ctx.now + lifetime,
    )
