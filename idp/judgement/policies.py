"""The policies in force: the one that is judged by, and a draft that is only tried out."""

from datetime import datetime

from idp.policy.book import Policy
from idp.policy.built_in import built_in
from idp.settings import Settings


class Policies:
    """Holds the policies of this process."""

    def __init__(self, settings: Settings) -> None:
        self._current = built_in(settings)

    def current(self, now: datetime) -> Policy:
        """Return the policy that everybody is judged by."""
        del now
        return self._current

    def draft(self, now: datetime) -> Policy | None:
        """Return the policy that is tried out beside it, if one is."""
        del now
        return None
