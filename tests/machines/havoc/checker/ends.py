"""From when on an object certainly is over: nothing of it is accepted that begins later (I3, I4).

A flag falls once. A refusal is its fall being seen: whatever was refused to whom it belongs is
refused to everybody who comes later.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.machines.havoc.checker.index import Index, Violation
from tests.machines.havoc.history import Kind, Op


@dataclass(frozen=True, slots=True)
class End:
    """The earliest instant by which an object was over, and the operation that shows it."""

    at: float
    by: Op


_REDEEMING = (Kind.REDEEM, Kind.REFRESH)
_ASKING = (Kind.INTROSPECT, Kind.USERINFO)


def violations(index: Index) -> Iterator[Violation]:
    """Give each acceptance of what was over before it was asked for."""
    over = {sid: _earliest(_ends_of_session(index, sid)) for sid in index.sessions}
    for sid, ops in index.of_session.items():
        for op in ops:
            if op.kind is Kind.AUTHORIZE:
                yield from _accepted(op, over.get(sid), "a session lives after its end (I4)")
    for grant, ops in index.of_grant.items():
        grant_end = _earliest(_ends_of_grant(index, grant, over))
        tokens = _ends_of_tokens(index, ops)
        for op in ops:
            if op.kind is Kind.REVOKE:
                continue
            yield from _accepted(op, grant_end, "a grant is honoured after its end (I1-I3)")
            if op.kind is Kind.REDEEM and grant in index.grants:
                # A code wants its session even where its grant will stand without it.
                end = over.get(index.grants[grant].sid)
                yield from _accepted(op, end, "a code outlives its session (I3)")
            if op.kind in _ASKING:
                # A refresh token that was traded is not active, and a retry of it welcome.
                yield from _accepted(op, tokens.get(op.shown), "a token lives after its end (I3)")
    yield from _while_disabled(index)
    yield from _while_stopped(index)


def _accepted(op: Op, end: End | None, rule: str) -> Iterator[Violation]:
    if end is not None and op.ok and op.invoked > end.at:
        yield Violation(rule, (end.by, op))


def _earliest(ends: Iterator[End]) -> End | None:
    return min(ends, key=lambda end: end.at, default=None)


def _ends_of_session(index: Index, sid: str) -> Iterator[End]:
    opened = index.sessions[sid]
    for op in index.of_session[sid]:
        if op.kind is Kind.END_SESSION and op.ok:
            yield End(op.returned, op)
        if op.kind is Kind.AUTHORIZE and op.refused and not may_be_stopped(index, op, opened.sid):
            yield End(op.returned, op)
    for op in index.of_user[opened.user]:
        # Enabling an account does not wake what lived when it was disabled.
        if op.ok and op.kind is Kind.DISABLE_USER and op.invoked > opened.returned:
            yield End(op.returned, op)


def _ends_of_grant(index: Index, grant: str, over: dict[str, End | None]) -> Iterator[End]:
    opened = index.grants.get(grant)
    sid = opened.sid if opened is not None else ""
    for op in index.of_grant[grant]:
        if op.kind in _REDEEMING and op.refused and not may_be_stopped(index, op, sid):
            yield End(op.returned, op)
        if op.kind is Kind.REVOKE and op.ok and index.is_whole(op.shown):
            yield End(op.returned, op)
    if opened is None:
        return
    end = over.get(opened.sid)
    if end is not None and (not opened.offline or end.by.kind is Kind.DISABLE_USER):
        yield end
    for op in index.of_client[opened.client]:
        # Enabling a client does not give back what it had.
        if op.ok and op.kind is Kind.DISABLE_CLIENT and op.invoked > opened.returned:
            yield End(op.returned, op)


def _ends_of_tokens(index: Index, ops: list[Op]) -> dict[str, End]:
    found: dict[str, End] = {}
    for op in ops:
        seen = op.kind in _ASKING and op.refused and not may_be_stopped(index, op, op.sid)
        if seen or (op.kind is Kind.REVOKE and op.ok):
            before = found.get(op.shown)
            if before is None or op.returned < before.at:
                found[op.shown] = End(op.returned, op)
    return found


def may_be_stopped(index: Index, op: Op, sid: str) -> bool:
    """Tell whether the session may have been waiting for a proof while it was asked for this."""
    spans = index.stopped(sid)
    # Who reads the cookie while it is replaced shows the old one a moment later.
    slack = index.rules.slack
    return any(
        by.invoked < op.returned and op.invoked < at_most + slack for by, _, at_most in spans
    )


def _while_stopped(index: Index) -> Iterator[Violation]:
    """Give what was accepted out of a session while it certainly waited for a proof (I6)."""
    for sid in index.sessions:
        spans = [(by, until) for by, until, _ in index.stopped(sid) if by.ok]
        asked = [op for op in index.of_session[sid] if op.kind is Kind.AUTHORIZE] if spans else []
        for op in asked:
            yield from _between(op, spans, "a challenged session gives something (I6)")
    for grant, ops in index.of_grant.items():
        opened = index.grants.get(grant)
        if opened is None:
            continue
        spans = [(by, until) for by, until, _ in index.stopped(opened.sid) if by.ok]
        for op in ops if spans else ():
            if op.kind is not Kind.REVOKE and (not opened.offline or op.kind is Kind.REDEEM):
                yield from _between(op, spans, "a challenged session gives something (I6)")


def _while_disabled(index: Index) -> Iterator[Violation]:
    """Give what was accepted of a user or a client while that was disabled for certain."""
    for grant, ops in index.of_grant.items():
        opened = index.grants.get(grant)
        if opened is None:
            continue
        closed = [*index.closed(user=opened.user), *index.closed(client=opened.client)]
        for op in ops:
            if op.kind is not Kind.REVOKE:
                yield from _between(op, closed)
    for ops in index.of_session.values():
        for op in ops:
            if op.kind is Kind.AUTHORIZE:
                yield from _between(op, [*index.closed(user=op.user)])


def _between(
    op: Op,
    closed: list[tuple[Op, float]],
    rule: str = "a disabled account or client is served (I3)",
) -> Iterator[Violation]:
    for by, until in closed:
        if op.ok and by.returned < op.invoked and op.returned < until:
            yield Violation(rule, (by, op))
