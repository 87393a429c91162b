"""The checker reports each kind of violation, and nothing of what is allowed."""

from dataclasses import replace
from math import inf

import pytest

from tests.machines.havoc.checker import Rules, violations_of
from tests.machines.havoc.history import History, Kind, Op, Outcome

RULES = Rules(leeway=10, public=frozenset({"browser-app"}))
USER = {"user": "ada", "client": "app", "sid": "s"}
GRANT = USER | {"grant": "g"}


def op(kind: Kind, start: float, *, takes: float = 0.5, **values) -> Op:
    """An operation on the one grant of these histories."""
    of = USER if kind in (Kind.OPEN_SESSION, Kind.END_SESSION) else GRANT
    return Op(kind=kind, invoked=start, returned=start + takes, **(of | values))


def unknown(known: Op) -> Op:
    """The same, had its answer never come."""
    return replace(known, outcome=Outcome.UNKNOWN, returned=inf, code="", access="", refresh="")


def refused(known: Op) -> Op:
    return replace(known, outcome=Outcome.REFUSED, code="", access="", refresh="")


OPENED = op(Kind.OPEN_SESSION, 0)
CODE = op(Kind.AUTHORIZE, 1, code="c")
REDEEMED = op(Kind.REDEEM, 2, shown="c", access="a0", refresh="r0")
FIRST = op(Kind.REFRESH, 3, shown="r0", access="a1", refresh="r1")
SECOND = op(Kind.REFRESH, 4, shown="r1", access="a2", refresh="r2")
BEGUN = (OPENED, CODE, REDEEMED)
LONG = (*BEGUN, FIRST, SECOND)


def ask(start: float, token: str = "a0", kind: Kind = Kind.USERINFO, **values) -> Op:
    return op(kind, start, shown=token, **values)


def refresh(start: float, shown: str, gives: str, **values) -> Op:
    return op(Kind.REFRESH, start, shown=shown, access=f"a of {gives}", refresh=gives, **values)


END = op(Kind.END_SESSION, 10)
REVOKED = op(Kind.REVOKE, 10, shown="r2")
DISABLED = op(Kind.DISABLE_USER, 10)
ENABLED = op(Kind.ENABLE_USER, 12)
AWAY = Op(kind=Kind.DATABASE_AWAY, invoked=10, returned=20)
BACK = Op(kind=Kind.DATABASE_BACK, invoked=20, returned=21)

VIOLATIONS = {
    "a code is redeemed twice": (
        "redeemed twice",
        (*BEGUN, op(Kind.REDEEM, 5, shown="c", access="b0", refresh="s0")),
    ),
    "a code is redeemed twice at one instant": (
        "redeemed twice",
        (*BEGUN, op(Kind.REDEEM, 2, shown="c", access="b0", refresh="s0")),
    ),
    "what a code bought lives after its second use": (
        "honoured after its end",
        (*BEGUN, refused(op(Kind.REDEEM, 5, shown="c")), ask(6)),
    ),
    "one token has two successors": (
        "two successors",
        (*BEGUN, FIRST, refresh(3.1, "r0", "r1-the-other")),
    ),
    "two tokens have one successor": ("one successor", (*LONG, refresh(4.2, "r2", "r1"))),
    "an old token is accepted": ("old refresh token", (*LONG, refresh(9, "r0", "r1"))),
    "an old token is called active": (
        "old refresh token",
        (*LONG, ask(9, "r0", Kind.INTROSPECT)),
    ),
    "a family lives after a reuse was seen": (
        "honoured after its end",
        (*LONG, refused(refresh(8, "r0", "-")), refresh(9, "r2", "r3")),
    ),
    "an access token lives after a reuse was seen": (
        "honoured after its end",
        (*LONG, refused(refresh(8, "r0", "-")), ask(9, "a2")),
    ),
    "a token is issued after the revocation": (
        "honoured after its end",
        (*LONG, REVOKED, refresh(11, "r2", "r3")),
    ),
    "a token that a racing refresh bought outlives the revocation": (
        "honoured after its end",
        (*LONG, REVOKED, refresh(9.9, "r2", "r3", takes=2), ask(12, "a of r3")),
    ),
    "a revoked access token is active": (
        "token lives after its end",
        (*BEGUN, op(Kind.REVOKE, 5, shown="a0"), ask(6, kind=Kind.INTROSPECT)),
    ),
    "an inactive token is active again": (
        "token lives after its end",
        (*BEGUN, op(Kind.REVOKE, 5, shown="a0"), refused(ask(5)), ask(6)),
    ),
    "a session comes back": (
        "session lives after its end",
        (*BEGUN, END, op(Kind.AUTHORIZE, 11, grant="h", code="d")),
    ),
    "a session that was found over comes back": (
        "session lives after its end",
        (
            *BEGUN,
            unknown(END),
            refused(op(Kind.AUTHORIZE, 11, grant="")),
            op(Kind.AUTHORIZE, 12, grant="h", code="d"),
        ),
    ),
    "a token outlives its session": ("honoured after its end", (*BEGUN, END, ask(11))),
    "a code outlives its session": (
        "honoured after its end",
        (OPENED, CODE, END, op(Kind.REDEEM, 11, shown="c", access="a0")),
    ),
    "a disabled user is served": ("honoured after its end", (*BEGUN, DISABLED, ask(11))),
    "a session of a disabled user gives a code": (
        "disabled account",
        (
            DISABLED,
            op(Kind.OPEN_SESSION, 11),
            op(Kind.AUTHORIZE, 11.6, takes=0.1, code="c"),
            ENABLED,
        ),
    ),
    "an offline family outlives its disabled user": (
        "honoured after its end",
        (OPENED, replace(CODE, offline=True), REDEEMED, DISABLED, ENABLED, ask(13)),
    ),
    "a grant comes back with its client": (
        "honoured after its end",
        (
            *BEGUN,
            op(Kind.DISABLE_CLIENT, 10),
            op(Kind.ENABLE_CLIENT, 12),
            refresh(13, "r0", "r1"),
        ),
    ),
    "an offline code outlives its session": (
        "code outlives its session",
        (OPENED, replace(CODE, offline=True), END, replace(REDEEMED, invoked=11, returned=12)),
    ),
    "offline access ends with its session": (
        "refused without a cause",
        (OPENED, replace(CODE, offline=True), REDEEMED, END, refused(refresh(11, "r0", "-"))),
    ),
    "a disabled client is served": (
        "disabled account or client",
        (*BEGUN, op(Kind.DISABLE_CLIENT, 10), refresh(11, "r0", "r1")),
    ),
    "a bearer's late retry is accepted": (
        "after the leeway",
        (
            OPENED,
            replace(CODE, client="browser-app"),
            REDEEMED,
            FIRST,
            refresh(20, "r0", "r1"),
        ),
    ),
    "an honest client is logged out": (
        "refused without a cause",
        (*BEGUN, FIRST, refused(refresh(9, "r1", "-"))),
    ),
    "a client that lost an answer is logged out": (
        "refused without a cause",
        (*BEGUN, unknown(FIRST), refused(refresh(9, "r0", "-"))),
    ),
    "a code that nobody traded is refused": (
        "refused without a cause",
        (OPENED, CODE, refused(REDEEMED)),
    ),
    "a token is refused before it expires": ("refused without a cause", (*BEGUN, refused(ask(9)))),
    "a session is gone that nobody ended": (
        "session was refused without a cause",
        (*BEGUN, refused(op(Kind.AUTHORIZE, 9, grant=""))),
    ),
    "a client is shut out that nobody disabled": (
        "shut out without a cause",
        (*BEGUN, replace(ask(9), outcome=Outcome.SHUT_OUT)),
    ),
    "a token is active without a database": (
        "without a database",
        (*BEGUN, AWAY, ask(12, kind=Kind.INTROSPECT)),
    ),
    "a client is told to forget its token for want of a database": (
        "without a database",
        (*BEGUN, AWAY, refused(refresh(12, "r0", "-"))),
    ),
    "nobody is served long after the database came back": (
        "not serving",
        (*BEGUN, AWAY, BACK, replace(ask(28), outcome=Outcome.AWAY)),
    ),
    "a crash": ("nobody should get", (*BEGUN, replace(ask(9), outcome=Outcome.CRASH))),
}

ALLOWED = {
    "a line of refreshes": LONG,
    "the same successor again": (*BEGUN, FIRST, refresh(9, "r0", "r1"), refresh(10, "r1", "r2")),
    "an answer that was lost, and the retry": (*BEGUN, unknown(FIRST), refresh(9, "r0", "r1")),
    "a lost answer that was a reuse": (
        *LONG,
        unknown(refresh(8, "r0", "-")),
        refused(refresh(9, "r2", "-")),
    ),
    "a late refresh that meets its successor's use": (
        *BEGUN,
        FIRST,
        refresh(3.4, "r0", "r1", takes=2),
        SECOND,
    ),
    "a lost exchange, and the code is void": (
        OPENED,
        CODE,
        unknown(REDEEMED),
        refused(op(Kind.REDEEM, 5, shown="c")),
    ),
    "a lost exchange that never came": (
        OPENED,
        CODE,
        unknown(REDEEMED),
        replace(REDEEMED, invoked=3, returned=4),
    ),
    "a lost logout that comes late": (*BEGUN, unknown(END), ask(11), refused(ask(12))),
    "a refusal while the session ends": (*BEGUN, END, refused(ask(9.9))),
    "a service while the session ends": (*BEGUN, END, ask(10.2)),
    "an offline family after logout": (OPENED, replace(CODE, offline=True), REDEEMED, END, ask(11)),
    "a code that is too old": (OPENED, CODE, refused(op(Kind.REDEEM, 62, shown="c"))),
    "a token that has expired": (*BEGUN, refused(ask(303))),
    "a traded token is not active, and traded again": (
        *BEGUN,
        FIRST,
        refused(ask(5, "r0", Kind.INTROSPECT)),
        refresh(6, "r0", "r1"),
    ),
    "one access token is revoked, the grant lives": (
        *BEGUN,
        op(Kind.REVOKE, 5, shown="a0"),
        refused(ask(6)),
        FIRST,
    ),
    "what a disabled user had stays over": (*BEGUN, DISABLED, ENABLED, refused(ask(13))),
    "a session that was opened for a disabled user": (
        DISABLED,
        op(Kind.OPEN_SESSION, 11),
        refused(op(Kind.AUTHORIZE, 11.6, grant="", takes=0.1)),
        ENABLED,
    ),
    "a disabled client is shut out": (
        *BEGUN,
        op(Kind.DISABLE_CLIENT, 10),
        replace(ask(11), outcome=Outcome.SHUT_OUT),
    ),
    "a disabled client is shut out by a copy while the database is away": (
        *BEGUN,
        op(Kind.DISABLE_CLIENT, 9),
        AWAY,
        replace(ask(11), outcome=Outcome.SHUT_OUT),
    ),
    "silence while the database is away": (
        *BEGUN,
        AWAY,
        replace(ask(12), outcome=Outcome.AWAY),
        unknown(refresh(13, "r0", "r1")),
        BACK,
        refresh(22, "r0", "r1"),
    ),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_reported(name: str):
    rule, ops = VIOLATIONS[name]

    found = violations_of(History(list(ops)), RULES)

    assert rule in "\n".join(violation.rule for violation in found), found


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_not_reported(name: str):
    assert violations_of(History(list(ALLOWED[name])), RULES) == []


def test_a_history_is_the_same_when_it_was_written_and_read(tmp_path):
    history = History(list(LONG))
    history.dump(tmp_path / "history")

    assert History.load(tmp_path / "history") == history
