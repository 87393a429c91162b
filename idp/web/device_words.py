"""A user agent in words: which browser on which system."""

from idp.surroundings.agents import agent_of
from idp.web.words import gettext as _


def describe(user_agent: str) -> str:
    """Return “Browser on System”, or that we cannot tell."""
    agent = agent_of(user_agent)
    if agent.browser and agent.system:
        return _("%(browser)s on %(system)s", browser=agent.browser, system=agent.system)
    return agent.browser or agent.system or _("Unknown browser")
