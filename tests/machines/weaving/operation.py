"""What an operation is: something asked of the provider, and what may come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.context import RequestContext
from idp.kernel.errors import IdpError
from tests.machines.weaving.scene import Scene
from tests.machines.weaving.steps import START, START_OF_COMMAND, Step

Act = Callable[[Scene], "Outcome"]
NONE: frozenset[str] = frozenset()
# Who wanted to end something found nothing to end.
NOT_FOUND = {"ended": False}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back; a command that did its work answers 200."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def won(self) -> bool:
        """Whether what was asked for was given."""
        return self.status == 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One of those that race.

    `uses` is the family that it asks something of, or the session itself; `ends` those of which
    nothing is accepted once it has answered, `stops` those of which nothing is until somebody
    proves the session `anew`, `voids` those whose newest access token is not. `refusals` is what it
    may answer when another one was faster. `reads` says that it shows that token, `proves` that
    the session has another secret from then on, `by_secret` that who shows the one from before
    changes nothing, `opens` that there is another session. What is `never` to be given is always
    refused, in the situation that `arrange` makes; `then` works all the same.
    """

    name: str
    act: Act
    request: bool = True
    uses: str = ""
    ends: frozenset[str] = NONE
    stops: frozenset[str] = NONE
    voids: frozenset[str] = NONE
    reads: bool = False
    proves: bool = False
    anew: bool = False
    opens: bool = False
    by_secret: bool = False
    refusals: frozenset[int] = NONE
    never: bool = False
    arrange: Callable[[Scene], None] | None = None
    then: str = ""
    begins: Step | None = None

    @property
    def start(self) -> Step:
        """How it begins."""
        return self.begins or (START if self.request else START_OF_COMMAND)


def answer_of(response: Any) -> Outcome:
    """Return what an HTTP response amounts to."""
    return Outcome(response.status_code, response.get_json(silent=True) or {})


def command(act: Callable[[RequestContext, Scene], object], scene: Scene) -> Outcome:
    """Do what a command does; a mapping that it returns is told."""
    try:
        with scene.provider.context() as ctx:
            told = act(ctx, scene)
    except IdpError as error:
        return Outcome(error.status, {"error": type(error).__name__})
    return Outcome(200, told if isinstance(told, Mapping) else {})
