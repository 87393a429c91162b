"""Tabs that refresh at once log nobody out, and a thief keeps nothing (RFC 9700 §4.14.2)."""

import pytest

from tests.machines.weaving.stage import Stage
from tests.machines.weaving.storm import storms
from tests.machines.woven import note
from tests.support.spec import spec

BATCHES, TRIALS = 4, 25


@spec("RFC 9700 §4.14.2", "RFC 6749 §10.4")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_honest_client_is_logged_out_and_no_thief_keeps_a_family(
    stage: Stage, batch: int, record_property
):
    requests, wrong = storms(stage, [f"storm {batch}.{trial}" for trial in range(TRIALS)])

    assert wrong == []
    note(record_property, stage.dialect, "storms", TRIALS)
    note(record_property, stage.dialect, "requests in storms", requests)
