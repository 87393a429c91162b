"""By what a session lives, as it was decided when it opened."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a session lives, and who said so.

    Attributes:
        idle: it ends after this long unused.
        absolute: it ends after this long in any case.
        at_most: and never later than this, where it goes on from a session that idled out.
        risk: how unlike its user the sign-in looked.
        policy_version: of the policy that said so.
        limited_by: the rule that made it shorter than usual, if one did.
        outcome: what was decided, and
        rule: by which rule, and
        decision_id: where all of that is written down.
        client_id: for whom it was opened, if for one.
        remembered: its cookie outlives the browser's window.
    """

    idle: timedelta
    absolute: timedelta
    at_most: datetime | None = None
    risk: str = "low"
    policy_version: str = ""
    limited_by: str = ""
    outcome: str = "allow"
    rule: str = ""
    decision_id: str | None = None
    client_id: str | None = None
    remembered: bool = False
