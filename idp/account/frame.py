"""What all account pages have around them: the sections, the person, the notice."""

from datetime import timedelta
from typing import Any

import flask

from idp.account.notices import notice
from idp.login.ways import HOME
from idp.settings import Settings
from idp.store.sessions import Session, Standing
from idp.web.context import request_context
from idp.web.pages import page
from idp.web.words import at_time, in_words, zone_shown
from idp.web.words import gettext as _

OVERVIEW = HOME
PROFILE = "/account/profile"
PASSWORD = "/account/password"  # noqa: S105 - a path
AUTHENTICATORS = "/account/authenticators"
DEVICES = "/account/devices"
APPLICATIONS = "/account/applications"
ACTIVITY = "/account/activity"
DATA = "/account/data"
DELETE = "/account/delete"
SECTIONS = frozenset(
    {OVERVIEW, PROFILE, PASSWORD, AUTHENTICATORS, DEVICES, APPLICATIONS, ACTIVITY, DATA}
)
# So long before its absolute end the session's pages say so.
_EARLY = timedelta(minutes=10)


def account_page(
    template: str, standing: Standing, section: str, *, status: int = 200, **values: Any
) -> flask.Response:
    """Return a page of the account, in its section."""
    user, settings = standing.user, request_context().settings
    return page(
        template,
        status=status,
        asks=True,
        account={"name": user.display_name, "username": user.username, "email": user.email},
        sections=_sections(section),
        notice=notice(),
        times_in=_("Times are in %(zone)s.", zone=zone_shown()),
        urls=_urls(settings),
        ending=_ending(standing.session, section),
        **values,
    )


def _ending(session: Session, section: str) -> dict[str, object]:
    """Return when the session ends, why, and how long it has until then."""
    now = request_context().now
    idle_in, absolute_in = session.idle_until - now, session.absolute_until - now
    idle, end = in_words(timedelta(seconds=session.idle_seconds)), at_time(session.absolute_until)
    over = _("This session ends at %(when)s: it came to the end of its time.", when=end)
    return {
        "idle_in": int(idle_in.total_seconds()),
        "absolute_in": int(absolute_in.total_seconds()),
        "fixed": absolute_in <= max(_EARLY, idle_in),
        "soon": absolute_in <= _EARLY,
        "quiet": over
        if absolute_in <= idle_in
        else _("This session ends when it is not used for %(time)s.", time=idle),
        "idle": _(
            "You will be signed out at {when}, because nothing was done here for %(time)s.",
            time=idle,
        ),
        "zone": zone_shown(),
        "absolute": over + " " + _("Finish what you are doing, then sign in again."),
        "over": _("This session is over. Sign in again to go on."),
        "stay": "/account/stay",
        "state": "/account/session",
        "to": section,
    }


def _sections(current: str) -> list[dict[str, object]]:
    named = [
        (OVERVIEW, _("Overview"), "home"),
        (PROFILE, _("Profile"), "person"),
        (PASSWORD, _("Password"), "lock"),
        (AUTHENTICATORS, _("Sign-in methods"), "shield"),
        (DEVICES, _("Devices"), "phone"),
        (APPLICATIONS, _("Applications"), "apps"),
        (ACTIVITY, _("Activity"), "clock"),
        (DATA, _("Your data"), "file"),
    ]
    return [
        {"href": path, "label": label, "icon": icon, "current": path == current}
        for path, label, icon in named
    ]


def _urls(settings: Settings) -> dict[str, str]:
    deletion = {"delete": DELETE} if settings.account_deletion else {}
    return deletion | {
        "authenticators": AUTHENTICATORS,
        "devices": DEVICES,
        "applications": APPLICATIONS,
        "activity": ACTIVITY,
        "password": PASSWORD,
        "profile": PROFILE,
        "data": DATA,
        "sign_out": "/account/sign-out",
    }
