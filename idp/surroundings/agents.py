"""Which browser on which system asks: the one place that reads user agents."""

from dataclasses import dataclass, replace
from functools import lru_cache

from ua_parser import parse

from idp.surroundings.hints import NO_HINTS, Hints

_REMEMBERED = 4096
# Browsers that call themselves Chrome in the user agent and by their name in the hints.
_BRANDS = {
    "Brave": "Brave",
    "DuckDuckGo": "DuckDuckGo",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Vivaldi": "Vivaldi",
    "Yandex": "Yandex Browser",
}
_PLATFORMS = {
    "Android": "Android",
    "Chrome OS": "Chrome OS",
    "Chromium OS": "Chrome OS",
    "Linux": "Linux",
    "Windows": "Windows",
    "iOS": "iOS",
    "macOS": "Mac OS X",
}
_FORMS = {"Tablet": "tablet", "Mobile": "phone", "Desktop": "desktop"}
# “Show me the desktop site” turns one of a group into the other, in the same browser.
_GROUPS = {"Android": "Linux", "iOS": "Apple", "Mac OS X": "Apple"}
_UNIXES = frozenset({"Debian", "Fedora", "Red Hat", "SUSE", "Ubuntu", "Arch Linux", "Gentoo"})
_DESKTOPS = frozenset({"Windows", "Mac OS X", "Linux", "Chrome OS", "FreeBSD", "OpenBSD"}) | _UNIXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A browser, its major version, its system, and what it runs on; empty where nobody can tell.

    `device` is `phone`, `tablet`, `desktop` or `bot`.
    """

    browser: str = ""
    version: str = ""
    system: str = ""
    device: str = ""

    @property
    def handheld(self) -> bool:
        """Whether it is carried around."""
        return self.device in ("phone", "tablet")

    @property
    def family(self) -> str:
        """Which browser on which kind of system, whatever the version.

        An update does not change it, nor does asking for the desktop site.
        """
        words = [word for word in self.browser.split() if word not in ("Mobile", "iOS")]
        system = "Linux" if self.system in _UNIXES else self.system
        return f"{' '.join(words)}/{_GROUPS.get(system, system)}"


@lru_cache(maxsize=_REMEMBERED)
def agent_of(user_agent: str, hints: Hints = NO_HINTS) -> Agent:
    """Return what a user agent and its hints say."""
    found = parse(user_agent)
    agent = Agent(
        browser=found.user_agent.family if found.user_agent else "",
        version=(found.user_agent.major or "") if found.user_agent else "",
        system=found.os.family if found.os else "",
    )
    model = found.device.family if found.device else ""
    return _hinted(replace(agent, device=_device(agent, user_agent, model)), hints)


def _device(agent: Agent, user_agent: str, model: str) -> str:
    if model == "Spider":
        return "bot"
    if model == "iPad" or (agent.system == "Android" and "Mobi" not in user_agent):
        return "tablet"
    if "Mobi" in user_agent:
        return "phone"
    return "desktop" if agent.system in _DESKTOPS else ""


def _hinted(agent: Agent, hints: Hints) -> Agent:
    """Return what it is once the hints have spoken; of strangers' words only known ones count."""
    brand = next((_BRANDS[each] for each in hints.brands if each in _BRANDS), agent.browser)
    forms = [_FORMS[each] for each in hints.form_factors if each in _FORMS]
    device = forms[0] if forms else "phone" if hints.mobile else agent.device
    platform = _PLATFORMS.get(hints.platform, agent.system)
    # A distribution says more than the hint, which knows Linux only.
    system = agent.system if platform == "Linux" and agent.system in _UNIXES else platform
    return replace(agent, browser=brand, system=system, device=device)
