"""What lasts longer than a request, found by its type."""

from typing import TypeVar

Thing = TypeVar("Thing")


class Registry:
    """Holds one instance per type; composed once at start, read by every request."""

    def __init__(self) -> None:
        self._things: dict[type, object] = {}

    def provide(self, thing: object) -> None:
        """Make `thing` the answer to `get(type(thing))`."""
        self._things[type(thing)] = thing

    def get(self, kind: type[Thing]) -> Thing:
        """Return the instance of `kind`.

        Raises:
            KeyError: nothing provided it, a mistake in composition.
        """
        thing = self._things[kind]
        if not isinstance(thing, kind):
            raise TypeError(kind)
        return thing
