"""What all account pages have around them: the sections, the person, the notice."""

from typing import Any

import flask

from idp.account.notices import notice
from idp.login.ways import HOME
from idp.settings import Settings
from idp.store.sessions import Standing
from idp.web.context import request_context
from idp.web.pages import page
from idp.web.words import gettext as _
from idp.web.words import zone_shown

OVERVIEW = HOME
PROFILE = "/account/profile"
PASSWORD = "/account/password"  # noqa: S105 - a path
AUTHENTICATORS = "/account/authenticators"
DEVICES = "/account/devices"
APPLICATIONS = "/account/applications"
ACTIVITY = "/account/activity"
DATA = "/account/data"
DELETE = "/account/delete"


def account_page(
    template: str, standing: Standing, section: str, *, status: int = 200, **values: Any
) -> flask.Response:
    """Return a page of the account, in its section."""
    user, settings = standing.user, request_context().settings
    return page(
        template,
        status=status,
        account={"name": user.display_name, "username": user.username, "email": user.email},
        sections=_sections(section),
        notice=notice(),
        times_in=_("Times are in %(zone)s.", zone=zone_shown()),
        urls=_urls(settings),
        **values,
    )


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
