"""Each guard is needed: without it the weaving sees an invariant broken, and with it none."""

import pytest

from idp.store.redemptions import REDEEM_GUARDS, REFRESH_GUARDS
from tests.machines.weaving.mutants import MUTANTS, Mutant
from tests.machines.weaving.stage import Stage


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_missing_guard_is_noticed(stage: Stage, mutant: Mutant, monkeypatch: pytest.MonkeyPatch):
    if stage.dialect not in mutant.kinds:
        return
    assert mutant.planned or mutant.notice(stage).violations == []

    mutant.apply(stage, monkeypatch)

    noticed = mutant.notice(stage).violations
    assert noticed != []
    assert any("answered 500" in said for said in noticed) is mutant.refused_by_the_database


def test_every_named_guard_has_its_mutant():
    names = {mutant.name for mutant in MUTANTS}

    assert {f"redeem without: {name}" for name in REDEEM_GUARDS} <= names
    assert {f"refresh without: {name}" for name in REFRESH_GUARDS} <= names
