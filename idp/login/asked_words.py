"""What is unusual about a sign-in, in words."""

from idp.policy.facts import Contribution
from idp.web.continuation import Asked
from idp.web.risk_words import suspicions
from idp.web.words import gettext as _


def unusual(asked: Asked) -> list[str]:
    """Return what is unusual about a sign-in, a sentence each."""
    reasons = (Contribution(name=name, weight=1.0, detail=more) for name, more in asked.because)
    return [_("%(reason)s.", reason=each) for each in suspicions(reasons)]
