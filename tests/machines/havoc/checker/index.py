"""The operations of a history by the object that they are about."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from tests.machines.havoc.history import History, Kind, Op, Outcome

# What shows a grant's code or token and is answered.
_ABOUT_GRANTS = (Kind.REDEEM, Kind.REFRESH, Kind.REVOKE, Kind.INTROSPECT, Kind.USERINFO)
_ABOUT_SESSIONS = (Kind.AUTHORIZE, Kind.END_SESSION, Kind.CHALLENGE, Kind.PROVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the checker has to know of the installation: times in seconds, and who is public."""

    code_lifetime: float = 60
    access_lifetime: float = 300
    leeway: float = 10
    public: frozenset[str] = frozenset()
    recovery: float = 5
    copies: float = 3
    # Clocks are read at the edges of a request, not at the instant of its effect.
    slack: float = 1.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the history breaks, and the operations that show it."""

    rule: str
    ops: tuple[Op, ...]

    def __str__(self) -> str:
        return "\n".join([self.rule, *(f"    {op}" for op in self.ops)])


class Index:
    """One reading of a history."""

    def __init__(self, history: History, rules: Rules) -> None:
        self.history, self.rules = history, rules
        self.of_grant: dict[str, list[Op]] = defaultdict(list)
        self.grants: dict[str, Op] = {}
        self.sessions: dict[str, Op] = {}
        self.of_session: dict[str, list[Op]] = defaultdict(list)
        self.of_user: dict[str, list[Op]] = defaultdict(list)
        self.of_client: dict[str, list[Op]] = defaultdict(list)
        self.given: dict[str, Op] = {}
        for op in history.ops:
            self._place(op)
        self.generation = {t: g for ops in self.of_grant.values() for t, g in _line(ops)}

    def _place(self, op: Op) -> None:
        if op.outcome is Outcome.NOT_SENT:
            return
        if op.kind in _ABOUT_GRANTS:
            self.of_grant[op.grant].append(op)
        if op.kind is Kind.OPEN_SESSION and op.ok:
            self.sessions[op.sid] = op
        if op.kind is Kind.AUTHORIZE and op.ok:
            self.grants[op.grant] = op
        if op.kind in _ABOUT_SESSIONS:
            self.of_session[op.sid].append(op)
        if op.kind in (Kind.DISABLE_USER, Kind.ENABLE_USER):
            self.of_user[op.user].append(op)
        if op.kind in (Kind.DISABLE_CLIENT, Kind.ENABLE_CLIENT):
            self.of_client[op.client].append(op)
        for token in (op.code, op.access, op.refresh):
            if token:
                self.given.setdefault(token, op)

    def is_whole(self, shown: str) -> bool:
        """Tell whether what was shown stands for its whole grant: a code, or a refresh token."""
        given = self.given.get(shown)
        return given is not None and shown in (given.code, given.refresh)

    def stopped(self, sid: str) -> Iterator[tuple[Op, float, float]]:
        """Give each challenge, until when it certainly lasted, and until when it may have.

        One user proves at a time, and again until it is done.
        """
        ops = self.of_session[sid]
        proofs = [op for op in ops if op.kind is Kind.PROVE]
        for op in ops:
            if op.kind is Kind.CHALLENGE and op.may_have_happened:
                after = [proof for proof in proofs if proof.over > op.invoked]
                until = min((proof.invoked for proof in after), default=inf)
                at_most = min((proof.returned for proof in after if proof.ok), default=inf)
                yield op, until, at_most

    def closed(self, *, user: str = "", client: str = "") -> Iterator[tuple[Op, float]]:
        """Give each disabling that certainly was done, and until when it certainly lasted."""
        ops = self.of_user[user] if user else self.of_client[client]
        opening = (Kind.ENABLE_USER, Kind.ENABLE_CLIENT)
        for op in ops:
            if op.ok and op.kind not in opening:
                after = [o.invoked for o in ops if o.kind in opening and o.over > op.invoked]
                yield op, min(after, default=inf)


def _line(ops: list[Op]) -> Iterator[tuple[str, int]]:
    """Give the generation of each refresh token that a grant gave."""
    successor = {op.shown: op.refresh for op in ops if op.kind is Kind.REFRESH and op.ok}
    first = next((op.refresh for op in ops if op.kind is Kind.REDEEM and op.ok), "")
    token, generation = first, 0
    while token:
        yield token, generation
        token, generation = successor.pop(token, ""), generation + 1
