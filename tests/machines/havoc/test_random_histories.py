"""Random operations of many clients on real servers that are made to suffer (I1-I4, I7-I10, I12).

A short run; `make soak` takes its time.
"""

from pathlib import Path

import pytest

from tests.machines.havoc.ordeal import undergo

pytestmark = pytest.mark.xdist_group("random histories")

SECONDS = 12
RECOVERY_SECONDS = 5
# A machine that is busy with other things still does this many.
FEWEST = 100


@pytest.mark.slow
def test_no_history_of_suffering_servers_breaks_a_rule(database_kind: str, tmp_path: Path):
    report = undergo(database_kind, tmp_path, seed="a short run", seconds=SECONDS)

    report.history.dump(tmp_path / "history.jsonl")
    assert not report.faults, "\n".join([str(report), *report.faults[:20]])
    assert len(report.history) >= FEWEST, str(report)
    assert max(report.recoveries, default=0) <= RECOVERY_SECONDS, str(report)
