"""A provider with a guard left out, to see that its absence is noticed.

`IDP_TEST_MUTANT` names the mutant; `python -m tests.machines.havoc.mutants serve` is `idp serve`
without what it names: `redeem: <guard>`, `refresh: <guard> & <guard>` or `recorded apart`.
"""

import os
from typing import Any

from idp.cli import main
from idp.store import driver, redemptions
from idp.store.noted import NotedChange

VARIABLE = "IDP_TEST_MUTANT"
RECORDED_APART = "recorded apart"
CURRENT = "the current generation, or the last one while its successor may be unknown"


def install() -> None:
    """Become the mutant that the environment names, if it names one."""
    name = os.environ.get(VARIABLE, "")
    which, _, guard = name.partition(": ")
    if name == RECORDED_APART:
        _record_apart()
    elif which == "redeem":
        guards = _without(redemptions.REDEEM_GUARDS, guard)
        redemptions._REDEEM = NotedChange(redemptions.redeem_statement(guards))
    elif which == "refresh":
        guards = _without(redemptions.REFRESH_GUARDS, guard)
        statement = redemptions.refresh_statement(guards)
        redemptions._REFRESH = NotedChange(statement, repeats="retries")


def _without(guards: redemptions.Guards, named: str) -> redemptions.Guards:
    left_out = set(named.split(" & "))
    if not left_out <= guards.keys():
        raise KeyError(named)
    return {name: condition for name, condition in guards.items() if name not in left_out}


def _record_apart() -> None:
    """Commit each change before its audit record is written."""

    def say(connection: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        if sql.startswith("INSERT INTO audit_events"):
            to_the_driver(connection, "COMMIT")
            to_the_driver(connection, "BEGIN")
        return to_the_driver(connection, sql, *arguments, **options)

    to_the_driver, driver.say = driver.say, say


if __name__ == "__main__":
    install()
    main()
