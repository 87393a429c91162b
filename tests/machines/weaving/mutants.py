"""The provider with one guard missing, and the weaving that notices."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import literal, or_
from sqlalchemy.sql.elements import ColumnElement

from idp.store import audit_events, driver, redemptions, signing_keys
from idp.store.database import Database, Transaction
from idp.store.noted import NotedChange
from idp.store.schema import grants
from idp.store.sessions import NOW
from idp.web import context
from tests.machines.weaving.mutant import Apply, Mutant, Notice, failing, pair, rewritten, single
from tests.machines.weaving.session_mutants import SESSION_MUTANTS
from tests.machines.weaving.stage import Stage

# What redeems and what rotates, each without one of its guards

_REDEEMED: Mapping[str, Notice] = {
    "this grant": single("replay"),
    "its client": single("exchange by another client"),
    "the client as it was authenticated": single("exchange by an old secret"),
    "the same redirect URI": single("exchange with another redirect URI"),
    "the same code challenge": single("exchange with another verifier"),
    "the same key": single("exchange bound to a key"),
    "not redeemed": pair("exchange", "exchange"),
    "the code is young enough": single("exchange too old"),
    "not ended": single("exchange ended"),
    "the session lives": pair("exchange", "logout"),
    "the user may sign in": single("exchange of a disabled user"),
    "the consent stands": single("exchange without consent"),
}
_GENERATION = "the current generation, or the last one while its successor may be unknown"
_REFRESHED: Mapping[str, Notice] = {
    "this grant": single("refresh"),
    "its client": single("refresh by another client"),
    "the client as it was authenticated": single("refresh by an old secret"),
    _GENERATION: pair("refresh", "retry"),
    "the same key": single("refresh bound to a key"),
    "not idle for too long": single("refresh too old"),
    # An end also ends the idle time; but the clock of whoever ended it may be ahead of ours.
    "not ended": single("refresh ended"),
    "the session lives, or is not needed": pair("refresh", "logout"),
    "the user may sign in": single("refresh of a disabled user"),
    "the consent stands": single("refresh without consent"),
}


def _says(name: str, statement: Any) -> Apply:
    """Put a statement in the place of one that the store has built."""
    repeats = "retries" if name == "_REFRESH" else None

    def apply(_: Stage, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(redemptions, name, NotedChange(statement, repeats))

    return apply


def _without(guards: Mapping[str, ColumnElement[bool]], name: str) -> dict[str, Any]:
    return {each: guard for each, guard in guards.items() if each != name}


def _guards() -> Iterator[Mutant]:
    for name in redemptions.REDEEM_GUARDS:
        statement = redemptions.redeem_statement(_without(redemptions.REDEEM_GUARDS, name))
        yield Mutant(f"redeem without: {name}", _says("_REDEEM", statement), _REDEEMED[name])
    for name in redemptions.REFRESH_GUARDS:
        statement = redemptions.refresh_statement(_without(redemptions.REFRESH_GUARDS, name))
        yield Mutant(f"refresh without: {name}", _says("_REFRESH", statement), _REFRESHED[name])


def _generation(guard: ColumnElement[bool]) -> Apply:
    guards = {**redemptions.REFRESH_GUARDS, _GENERATION: guard}
    return _says("_REFRESH", redemptions.refresh_statement(guards))


def _retries() -> Iterator[Mutant]:
    current = redemptions._CURRENT
    usual = redemptions.refresh_statement(redemptions.REFRESH_GUARDS)
    successor = grants.c.generation == redemptions.bindparam("shown_successor")
    yield Mutant("no retry at all", _generation(current), single("retry"))
    yield Mutant(
        "a retry by anybody at any time",
        _generation(or_(current, successor)),
        single("refresh too late with what was replaced"),
    )
    yield Mutant(
        "any old generation is a retry",
        _generation(grants.c.generation >= redemptions.bindparam("shown_presented")),
        pair("refresh", "retry"),
    )
    yield Mutant(
        "a retry counts as a rotation",
        _says("_REFRESH", usual.values(retries=literal(0))),
        single("retry"),
    )
    yield Mutant(
        "a retry gives more time",
        _says("_REFRESH", usual.values(idle_until=redemptions._by_kind("until_idle"))),
        single("retry"),
        refused_by_the_database=True,
    )
    yield Mutant(
        "a retry begins the leeway anew",
        _says("_REFRESH", usual.values(refreshed_at=NOW)),
        single("retry"),
    )


# What ends and what reads, in its words


def _heedless(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    # Each of the two suffices.
    patch.setattr(signing_keys, "lock", lambda _: None)
    rewritten(
        r"UPDATE signing_keys SET state=\S+ activated_at",
        r"signing_keys\.state = (\S+)",
        r"\1 IS NOT NULL",
    )(stage, patch)


_ENDS = (
    Mutant(
        "a grant ends again",
        rewritten(r"UPDATE grants SET .*ended_at=", r" AND grants\.ended_at IS NULL"),
        pair("replay", "replay"),
    ),
    Mutant(
        "a session ends again",
        rewritten(r"UPDATE sessions SET ended_at", r" AND sessions\.ended_at IS NULL"),
        pair("logout", "logout"),
    ),
    Mutant(
        "a client is disabled again",
        rewritten(r"UPDATE clients", r" AND clients\.disabled_at IS NULL"),
        pair("disable", "disable"),
    ),
    Mutant(
        "rotations neither wait for each other nor look at what they activate",
        _heedless,
        pair("rotate", "rotate"),
    ),
    Mutant(
        "an access token does not ask whether its grant ended",
        rewritten(r"SELECT grants.*users", r" AND grants\.ended_at IS NULL"),
        pair("replay", "userinfo"),
    ),
    Mutant(
        "an access token does not ask whether its session lives",
        rewritten(r"SELECT grants.*users", r"sessions\.sid IS NOT NULL", "1 = 1"),
        pair("logout", "userinfo"),
    ),
)


# What removes, without asking whether it is over


def _purging(job: str, column: str, notice: Notice) -> Mutant:
    table = column.partition(".")[0]
    anything = rewritten(rf"DELETE FROM {table} ", rf"({column} <=)", r"1 = 1 OR \1")
    return Mutant(f"{job}, over or not", anything, notice)


_PURGES = (
    _purging("purge idle grants", "grants.idle_until", single("purge idle grants")),
    _purging("purge ended grants", "grants.ended_at", single("purge ended grants")),
    _purging("purge sessions", "sessions.absolute_until", single("purge sessions")),
    _purging(
        "purge revoked tokens",
        "revoked_tokens.expires_at",
        pair("purge revoked tokens", "give back"),
    ),
)


# The frame around the statements


def _no_queue(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def acquire(self, timeout: float = 0) -> bool:
            del timeout
            return True

        def release(self) -> None:
            pass

        def locked(self) -> bool:
            return False

    patch.setattr(stage.provider.house.get(Database), "writers", Nobody())


def _no_transaction(_: Stage, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Transaction, "write", Transaction.read)


def _log_beside(_: Stage, patch: pytest.MonkeyPatch) -> None:
    def add(db: Transaction, values: dict[str, Any]) -> None:
        with db._database.engine.connect() as connection:
            compiled = audit_events._ADD.on(connection.dialect)
            driver.say(connection, compiled.sql, compiled.arguments(values))

    patch.setattr(audit_events, "add", add)


def _decided_at(status: int) -> Apply:
    return lambda _, patch: patch.setattr(context, "_FAILED", status)


_FRAMES = (
    Mutant("writers do not queue", _no_queue, pair("refresh", "refresh"), ("sqlite",)),
    Mutant("every statement by itself", _no_transaction, failing("disable")),
    # SQLite would refuse it: there is one writer, and it is in the middle of the change.
    Mutant(
        "the log is written beside the change", _log_beside, failing("disable"), ("postgresql",)
    ),
    Mutant("a refusal forgets what it decided", _decided_at(400), single("replay")),
    Mutant("a crash keeps what it did", _decided_at(600), failing("replay")),
)
MUTANTS = (*_guards(), *_retries(), *_ENDS, *_PURGES, *_FRAMES, *SESSION_MUTANTS)
