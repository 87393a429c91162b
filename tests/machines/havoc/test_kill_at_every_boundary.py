"""kill -9 just before and just after every statement, and with the answer in hand (I7, I9)."""

from collections.abc import Iterator

import pytest

from tests.machines.havoc.boundaries import Walk
from tests.machines.havoc.crash_cases import CASES, Bench, Case, bench_over
from tests.machines.havoc.fail_points import AFTER, BEFORE
from tests.machines.havoc.warmed import Warmed
from tests.support.databases import fresh_database

pytestmark = pytest.mark.xdist_group("kill at every boundary")


@pytest.fixture(scope="module")
def ground(
    database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bench, Warmed]]:
    folder = tmp_path_factory.mktemp(f"killed-{database_kind}")
    with (
        fresh_database(database_kind, folder) as url,
        bench_over(url, folder) as bench,
        Warmed(url, folder) as warmed,
    ):
        yield bench, warmed


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__.lower())
def test_a_request_that_dies_anywhere_leaves_all_or_nothing_and_its_client_goes_on(
    ground: tuple[Bench, Warmed], kind: type[Case]
):
    walk = Walk(*ground, kind)

    walk.run()

    assert walk.boundaries[0].where.startswith(BEFORE)
    (changed_at,) = walk.changed_at
    assert changed_at.startswith(AFTER), walk.boundaries
