"""What a mutant is: a change to the provider that the weaving must notice."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.machines.weaving.plan import PAIRS
from tests.machines.weaving.stage import Stage
from tests.machines.weaving.weave import Tally, all_of, alone, struck

Notice = Callable[[Stage], Tally]
Apply = Callable[[Stage, pytest.MonkeyPatch], None]
BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change that must be noticed, and by what; never because it crashes by itself."""

    name: str
    apply: Apply
    notice: Notice
    kinds: tuple[str, ...] = BOTH
    refused_by_the_database: bool = False

    @property
    def planned(self) -> bool:
        """Whether what notices it is run without it already."""
        return isinstance(self.notice, Woven) and self.notice.names in PAIRS


@dataclass(frozen=True, slots=True)
class Woven:
    """What weaves two operations."""

    names: tuple[str, str]

    def __call__(self, stage: Stage) -> Tally:
        """Weave them until something is noticed."""
        return all_of(stage, self.names, enough=1)


def pair(one: str, other: str) -> Notice:
    """Notice by weaving two operations."""
    return Woven((one, other))


def single(name: str) -> Notice:
    """Notice by one operation that runs alone."""
    return lambda stage: alone(stage, name)


def failing(name: str) -> Notice:
    """Notice by one operation whose statements fail, each in its turn."""
    return lambda stage: struck(stage, name)


def rewritten(which: str, pattern: str, instead: str = "") -> Apply:
    """Change statements that begin so."""

    def rewrite(statement: str) -> str:
        return (
            re.sub(pattern, instead, statement)
            if re.match(which, statement, re.DOTALL)
            else statement
        )

    return lambda stage, patch: patch.setattr(stage.scheduler, "rewrite", rewrite)
