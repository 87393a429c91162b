"""What a revocation ended: how much of each kind, and which, as far as an answer can hold them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

LISTED = 100
KINDS = ("sessions", "grants", "tokens", "clients")


@dataclass(slots=True)
class Ended:
    """Counts and ids by kind; `clients` are those whose own tokens of before are void.

    `found` says whether we know at all what was named.
    """

    found: bool = True
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    ids: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def add(self, kind: str, ids: Iterable[str]) -> None:
        """Count what was ended; keep the first ids."""
        ended = list(ids)
        self.counts[kind] += len(ended)
        self.ids[kind] += ended[: LISTED - len(self.ids[kind])]
