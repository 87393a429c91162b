"""Guards are left out of a provider in turn, and each time the harness has to notice."""

from pathlib import Path

import pytest

from tests.machines.havoc.boundaries import Walk
from tests.machines.havoc.crash_cases import Logout, bench_over
from tests.machines.havoc.mutants import CURRENT, RECORDED_APART, VARIABLE
from tests.machines.havoc.ordeal import undergo
from tests.machines.havoc.warmed import Warmed
from tests.support.databases import fresh_database

pytestmark = pytest.mark.xdist_group("mutants in havoc")

MUTANTS = {
    "redeem: not redeemed": "a code was redeemed twice",
    f"refresh: {CURRENT}": "an old refresh token is accepted",
    # What ended is idle from then on: either guard alone would do.
    "refresh: not ended & not idle for too long": "a grant is honoured after its end",
    "refresh: the session lives, or is not needed": "a grant is honoured after its end",
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_provider_without_a_guard_is_caught_by_its_history(mutant: str, tmp_path: Path):
    report = undergo(
        "sqlite", tmp_path, seed="1", seconds=40, operations=1200, peace=True, **{VARIABLE: mutant}
    )

    assert any(MUTANTS[mutant] in v.rule for v in report.violations), str(report)


def test_a_provider_that_commits_a_change_before_its_record_is_caught(
    database_kind: str, tmp_path: Path
):
    with (
        fresh_database(database_kind, tmp_path) as url,
        bench_over(url, tmp_path) as bench,
        Warmed(url, tmp_path, **{VARIABLE: RECORDED_APART}) as mutant,
        pytest.raises(AssertionError, match=r"session\.ended of .*: 0 records, 1 changes"),
    ):
        Walk(bench, mutant, Logout).run()
