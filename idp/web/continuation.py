"""How a step hands over to the next: a signed ticket in the URL, good for one kind of hop.

Steps never know one another. A room that needs a person sends a `Handover` to the login pages;
they send it back to `to` with what they did added to `carry`.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import quote

import flask

from idp.kernel.secrets import MasterKey
from idp.web import tickets
from idp.web.context import request_context
from idp.web.pages import ClientCard
from idp.web.parameters import Parameters

PARAMETER = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the policy said when a page was asked for: for its words alone, for it is judged anew.

    `step` says that a second step is wanted and `level` how sure it must be; why is said by the
    operator's own sentences in `told`, and by `because`: the names and details of what is unusual.
    `trust` is for how many seconds the browser may stand for the step from then on, `lasts` for how
    long the session does where that is less than usual. `places` says that all is shown, and how
    many sessions there may be, as there are.
    """

    step: bool = False
    level: str | None = None
    told: str = ""
    because: tuple[tuple[str, str], ...] = ()
    trust: int = 0
    lasts: int | None = None
    places: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Where to go back to, and what the pages on the way need to show.

    `carry` comes back untouched but for what a step adds; `reason` says why a person is asked,
    `rule` is the policy's that wants it, `what` for which act, `proved_at` and `age` (epoch and
    seconds) how old the last proof is and may be; `acr` are the levels that are wanted, the liked
    one first, and `fresh` says that no trusted device will do. `asked` is what the policy wants
    beside them, `remember` that the person would like to stay signed in when the window is closed.
    `target` is where the last redirect may lead, for the content security policy.
    """

    to: str
    carry: dict[str, Any] = field(default_factory=dict)
    client: ClientCard | None = None
    client_id: str | None = None
    target: str | None = None
    reason: str | None = None
    rule: str = ""
    what: str | None = None
    proved_at: int | None = None
    age: int | None = None
    acr: tuple[str, ...] = ()
    fresh: bool = False
    identifier: str = ""
    user_id: str | None = None
    attempt: str | None = None
    asked: Asked | None = None
    remember: bool = False
    locale: str | None = None

    def with_(self, **carried: Any) -> "Handover":
        """Return the same with more to carry."""
        return replace(self, carry={**self.carry, **carried})

    def frame(self, *, reason: str | None = None, attempt: str | None = None) -> "Handover":
        """Return who asks and the way back, without whom it was about."""
        return replace(
            self,
            reason=reason,
            rule="",
            what=None,
            attempt=attempt,
            asked=None,
            proved_at=None,
            age=None,
            identifier="",
            user_id=None,
        )


def ticket(purpose: str, handover: Handover) -> str:
    """Return the handover as a ticket for one kind of hop."""
    ctx = request_context()
    content = {k: v for k, v in asdict(handover).items() if v not in (None, "", {}, (), False)}
    until = ctx.now + ctx.settings.authorization_lifetime
    return tickets.issue(ctx.house.get(MasterKey), purpose, content, until)


def url(path: str, purpose: str, handover: Handover) -> str:
    """Return the URL of the next hop."""
    return f"{path}?{PARAMETER}={quote(ticket(purpose, handover))}"


def back(handover: Handover) -> str:
    """Return the URL of the room that handed over."""
    return url(handover.to, "continue", handover)


def receive(purpose: str, parameters: Parameters) -> Handover | None:
    """Return the handover that came with this request; None when it is missing, forged or old."""
    ctx = request_context()
    content = tickets.read(ctx.house.get(MasterKey), purpose, parameters.get(PARAMETER), ctx.now)
    if content is None:
        return None
    content.pop("exp")
    client = content.pop("client", None)
    asked = content.pop("asked", None)
    content["acr"] = tuple(content.get("acr", ()))
    handover = Handover(
        client=ClientCard(**client) if client else None,
        asked=_asked(asked) if asked else None,
        **content,
    )
    flask.g.ui_locale = handover.locale
    return handover


def _asked(content: dict[str, Any]) -> Asked:
    because = tuple((str(name), str(detail)) for name, detail in content.pop("because", ()))
    return Asked(**content, because=because)
