"""Nobody is refused without a cause (I9, I10): something in the history may have ended it.

A cause counts from its first possible instant, known outcome or not, so that only a refusal that
nothing at all explains is reported: an honest client was logged out.
"""

from collections.abc import Iterator
from math import inf

from tests.machines.havoc.checker.ends import may_be_stopped
from tests.machines.havoc.checker.index import Index, Violation
from tests.machines.havoc.history import Kind, Op, Outcome

_REFUSABLE = (Kind.REDEEM, Kind.REFRESH, Kind.INTROSPECT, Kind.USERINFO)


def violations(index: Index) -> Iterator[Violation]:
    """Give each refusal that nothing explains."""
    at_session = {sid: _of_session(index, sid) for sid in index.sessions}
    for sid, ops in index.of_session.items():
        for op in ops:
            unexplained = at_session.get(sid, inf) >= op.returned
            if may_be_stopped(index, op, sid):
                continue
            if op.kind is Kind.AUTHORIZE and op.refused and unexplained:
                yield Violation("a session was refused without a cause (I9)", (op,))
    for grant, ops in index.of_grant.items():
        opened = index.grants.get(grant)
        if opened is not None:
            yield from _of_one_grant(index, opened, ops, at_session.get(opened.sid, inf))


def _of_one_grant(
    index: Index, opened: Op, ops: list[Op], at_session: float
) -> Iterator[Violation]:
    public = opened.client in index.rules.public
    own = min(_of_grant(index, ops, public=public), _of_user(index, opened))
    shut = _of_client(index, opened)
    for op in ops:
        if op.kind not in _REFUSABLE:
            continue
        if op.outcome is Outcome.SHUT_OUT and shut >= op.returned:
            yield Violation("a client was shut out without a cause (I9)", (op,))
        # Offline access does not end with its session; its code does.
        tied = not opened.offline or op.kind is Kind.REDEEM
        causes = (own, shut, _of_shown(index, ops, op), at_session if tied else inf)
        if tied and may_be_stopped(index, op, opened.sid):
            continue
        if op.refused and min(causes) >= op.returned:
            yield Violation("a client was refused without a cause (I9)", (op,))


def _of_session(index: Index, sid: str) -> float:
    opened = index.sessions[sid]
    ended = (op.invoked for op in index.of_session[sid] if op.kind is Kind.END_SESSION)
    return min(min(ended, default=inf), _of_user(index, opened))


def _of_user(index: Index, opened: Op) -> float:
    """Return since when the user may have been disabled; enabling ends once more what there is.

    What was opened for a user who was disabled then is worth nothing either.
    """
    ops = index.of_user[opened.user]
    disabled = (op.invoked for op in ops if op.over > opened.invoked)
    standing = (by.invoked for by, end in index.closed(user=opened.user) if end > opened.invoked)
    return min((*disabled, *standing), default=inf)


def _of_client(index: Index, opened: Op) -> float:
    """Return the same of the client, of which copies are some seconds old."""
    ops = index.of_client[opened.client]
    recent = opened.invoked - index.rules.copies
    changed = (op.invoked for op in ops if op.over > recent)
    standing = (by.invoked for by, end in index.closed(client=opened.client) if end > recent)
    return min((*changed, *standing), default=inf)


def _of_grant(index: Index, ops: list[Op], *, public: bool) -> float:
    """Return the first instant at which the grant may have been ended by its own tokens."""
    attempts = sorted(op.invoked for op in ops if op.kind is Kind.REDEEM)
    again = attempts[1] if len(attempts) > 1 else inf
    whole = (op.invoked for op in ops if op.kind is Kind.REVOKE and index.is_whole(op.shown))
    return min(again, min(whole, default=inf), _reuse(index, ops, public=public))


def _reuse(index: Index, ops: list[Op], *, public: bool) -> float:
    shown = [op for op in ops if op.kind is Kind.REFRESH and op.shown in index.generation]
    first_use: dict[int, float] = {}
    for op in shown:
        generation = index.generation[op.shown]
        first_use[generation] = min(first_use.get(generation, inf), op.invoked)
    earliest = inf
    for op in shown:
        mine = index.generation[op.shown]
        later = min((at for g, at in first_use.items() if g > mine), default=inf)
        if later < op.over:
            earliest = min(earliest, max(later, op.invoked))
        waited = index.rules.leeway - index.rules.slack
        if public and op.over - first_use[mine] > waited:
            earliest = min(earliest, max(op.invoked, first_use[mine] + waited))
    return earliest


def _of_shown(index: Index, ops: list[Op], refused: Op) -> float:
    """Return since when this very code or token may have been worth nothing."""
    given, rules = index.given.get(refused.shown), index.rules
    if given is None:
        return -inf
    if given.code == refused.shown:
        return given.invoked + rules.code_lifetime - rules.slack
    mine = [op.invoked for op in ops if op.shown == refused.shown]
    revoked = (op.invoked for op in ops if op.kind is Kind.REVOKE and op.shown == refused.shown)
    if given.access == refused.shown:
        return min(*revoked, given.invoked + rules.access_lifetime - rules.slack, inf)
    # A refresh token that was traded is no longer the live one.
    traded = min(mine) if refused.kind is Kind.INTROSPECT else inf
    return min(*revoked, traded, inf)
