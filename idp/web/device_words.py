"""A user agent in words: which browser on which system."""

from ua_parser import parse

from idp.web.words import gettext as _


def describe(user_agent: str) -> str:
    """Return “Browser on System”, or that we cannot tell."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else None
    system = found.os.family if found.os else None
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("Unknown browser")
