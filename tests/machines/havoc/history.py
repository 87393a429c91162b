"""What clients, operators and the nemesis did, when they began and when they knew the outcome.

Times are those of one monotonic clock. A token, a code or a cookie is named by its `label`; the
checker reads nothing out of it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from hashlib import sha256
from math import inf
from pathlib import Path


class Kind(StrEnum):
    """What was done."""

    OPEN_SESSION = "open_session"
    AUTHORIZE = "authorize"
    REDEEM = "redeem"
    REFRESH = "refresh"
    REVOKE = "revoke"
    INTROSPECT = "introspect"
    USERINFO = "userinfo"
    END_SESSION = "end_session"
    CHALLENGE = "challenge"
    PROVE = "prove"
    DISABLE_USER = "disable_user"
    ENABLE_USER = "enable_user"
    DISABLE_CLIENT = "disable_client"
    ENABLE_CLIENT = "enable_client"
    ROTATE_KEYS = "rotate_keys"
    # The nemesis. The database is away from `invoked` to `returned`: all of that time.
    DATABASE_AWAY = "database_away"
    DATABASE_BACK = "database_back"
    TROUBLE = "trouble"


NEMESIS = (Kind.DATABASE_AWAY, Kind.DATABASE_BACK, Kind.TROUBLE)


class Outcome(StrEnum):
    """What its author knows about it."""

    OK = "ok"  # done, issued, active
    REFUSED = "refused"  # invalid_grant, 401, inactive, a question instead of a code
    SHUT_OUT = "shut_out"  # invalid_client: whatever was shown, it was not looked at
    AWAY = "away"  # 503: not done, or done and only the receipt of the commit was lost
    UNKNOWN = "unknown"  # no answer: done, not done, or yet to be done
    NOT_SENT = "not_sent"  # certainly not done
    CRASH = "crash"  # an answer that nobody should get


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One operation. `shown` was presented, `code`, `access` and `refresh` were given for it."""

    kind: Kind
    invoked: float
    returned: float = inf
    outcome: Outcome = Outcome.OK
    worker: int = 0
    node: int = -1
    user: str = ""
    client: str = ""
    sid: str = ""
    grant: str = ""
    shown: str = ""
    code: str = ""
    access: str = ""
    refresh: str = ""
    offline: bool = False
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether it certainly was done."""
        return self.outcome is Outcome.OK

    @property
    def refused(self) -> bool:
        """Whether it was refused for good."""
        return self.outcome is Outcome.REFUSED

    @property
    def may_have_happened(self) -> bool:
        """Whether it was done, or nobody knows."""
        return self.outcome in (Outcome.OK, Outcome.AWAY, Outcome.UNKNOWN, Outcome.CRASH)

    @property
    def over(self) -> float:
        """The instant after which it has no effect any more, as far as its author knows."""
        certain = self.outcome in (Outcome.OK, Outcome.REFUSED, Outcome.SHUT_OUT)
        return self.returned if certain else inf

    def __str__(self) -> str:
        names = [f"{n}={getattr(self, n)}" for n in _TOLD if getattr(self, n)]
        span = f"{self.invoked:.4f}..{self.returned:.4f}"
        return f"[{span}] {self.kind} {self.outcome} by {self.worker} {' '.join(names)}"


_TOLD = ("node", "user", "client", "sid", "grant", "shown", "code", "access", "refresh", "note")


def label(secret: str) -> str:
    """Return a short name for what must not stand in a history; empty for nothing."""
    return sha256(secret.encode()).hexdigest()[:16] if secret else ""


@dataclass
class History:
    """All operations of a run; threads append to it."""

    ops: list[Op] = field(default_factory=list)

    def add(self, op: Op) -> None:
        """Note an operation."""
        self.ops.append(op)

    def of(self, *kinds: Kind) -> Iterator[Op]:
        """Give the operations of these kinds."""
        return (op for op in self.ops if op.kind in kinds)

    def __len__(self) -> int:
        """How many operations reached somebody; the nemesis does not count."""
        return sum(op.outcome is not Outcome.NOT_SENT and op.kind not in NEMESIS for op in self.ops)

    def figures(self) -> dict[str, Counter[str]]:
        """Count by kind and outcome."""
        counted: dict[str, Counter[str]] = {}
        for op in self.ops:
            counted.setdefault(op.kind.value, Counter())[op.outcome.value] += 1
        return counted

    def dump(self, path: Path) -> None:
        """Write a line per operation, in the order of their beginnings."""
        lines = (json.dumps(asdict(op)) for op in sorted(self.ops, key=lambda op: op.invoked))
        path.write_text("\n".join(lines) + "\n")

    @classmethod
    def load(cls, path: Path) -> "History":
        """Return a history that was written."""
        return cls(list(_read(path.read_text().splitlines())))


def _read(lines: Iterable[str]) -> Iterator[Op]:
    names = {each.name for each in fields(Op)}
    for line in lines:
        said = {name: value for name, value in json.loads(line).items() if name in names}
        said["kind"], said["outcome"] = Kind(said["kind"]), Outcome(said["outcome"])
        yield Op(**said)
