"""Each requirement of OWASP ASVS 5.0 chapter V6 that applies is proved, and none is made up."""

import subprocess
import sys

import pytest

from tests.asvs import ROOT, Requirement, by_document, missing, requirements, table, unknown
from tests.support.spec import spec

ROWS = [
    Requirement(id="6.1.1", level="1", how="D", paraphrase="It is written down"),
    Requirement(id="6.2.1", level="1", how="T", paraphrase="It is so"),
    Requirement(id="6.8.1", level="2", how="-", paraphrase="Not about us"),
]


@pytest.mark.slow
def test_every_requirement_that_applies_is_proved():
    done = subprocess.run(
        [sys.executable, "-m", "tests.asvs"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout.rpartition("\n\n")[2] + done.stderr


@pytest.mark.parametrize(
    ("tests", "lines", "lacking"),
    [
        ({}, {}, ["6.1.1", "6.2.1"]),
        ({"6.2.1": {"t"}}, {"6.1.1": {"l"}}, []),
        ({"6.1.1": {"t"}, "6.2.1": {"t"}}, {}, []),
        ({}, {"6.1.1": {"l"}, "6.2.1": {"l"}}, ["6.2.1"]),
        ({"6.2.1": set()}, {"6.1.1": {"l"}}, ["6.2.1"]),
    ],
)
def test_what_needs_a_test_is_not_proved_by_a_sentence(tests, lines, lacking):
    assert missing(ROWS, tests, lines) == lacking


def test_what_is_claimed_stands_in_a_row():
    claimed = ({"6.2.1": {"t"}, "6.9.9": {"t"}}, {"6.8.1": {"l"}, "7.1.1": {"l"}})
    assert unknown(ROWS, *claimed) == ["6.9.9", "7.1.1"]


def test_a_sentence_may_prove_several_rows():
    found = by_document("So it is (ASVS 6.1.1, 6.2.1).\n\nAnd (ASVS 6.1.1) so. ASVS 6.8.1 is none.")
    assert found == {
        "6.1.1": {"docs/security.md:1", "docs/security.md:3"},
        "6.2.1": {"docs/security.md:1"},
    }


def test_what_does_not_apply_is_not_shown():
    told = table(ROWS, {"6.2.1": {"tests/a.py::test_b"}}, {"6.1.1": {"docs/security.md:1"}})
    assert "6.8.1" not in told
    assert "tests/a.py::test_b" in told
    assert "docs/security.md:1" in told


def test_the_rows_are_read_whole():
    rows = requirements()
    assert len(rows) == len({row.id for row in rows}) == 47
    assert {row.how for row in rows} == {"T", "D", "C", "R", "-"}
    assert {row.level for row in rows} == {"1", "2", "3"}


@pytest.mark.parametrize("written", ["ASVS 6.2.1", "ASVS 5.0 V6.2.1", "ASVS 5.0 §6.2.1"])
def test_a_requirement_may_be_written_in_three_ways(written):
    assert spec(written).mark.args == ("ASVS 5.0 §6.2.1",)
