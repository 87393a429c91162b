"""Show what proves each requirement of OWASP ASVS 5.0 chapter V6 that applies to us.

A test proves by its mark `@spec("ASVS 6.2.1")`, a sentence of docs/security.md by `(ASVS 6.1.1)`
behind it. The requirements stand in asvs_v6.tsv in our own words, with how each is proved: T by a
test, D by a document, C by configuration, R by review; `-` is for those about what we do not do.
"""

import csv
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.requirements_page import ROOT, collected

TABLE = Path(__file__).with_name("asvs_v6.tsv")
DOCUMENT = ROOT / "docs/security.md"
_ANCHOR = re.compile(r"\(ASVS ([0-9., ]+)\)")
_CHAPTER = "6."


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One row of the table."""

    id: str
    level: str
    how: str
    paraphrase: str

    @property
    def applies(self) -> bool:
        return self.how != "-"


Proofs = Mapping[str, set[str]]


def requirements() -> list[Requirement]:
    """Return the rows in the order of the chapter."""
    with TABLE.open(newline="") as lines:
        return [Requirement(**row) for row in csv.DictReader(lines, delimiter="\t")]


def by_tests() -> Proofs:
    """Return which tests prove which row."""
    marks = collected().get("ASVS 5.0", {})
    return {row: tests for row, tests in marks.items() if row.startswith(_CHAPTER)}


def by_document(text: str) -> Proofs:
    """Return which lines of the document prove which row."""
    found: dict[str, set[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        for anchor in _ANCHOR.findall(line):
            for row in re.split(r"[, ]+", anchor):
                found.setdefault(row, set()).add(f"{DOCUMENT.relative_to(ROOT)}:{number}")
    return found


def missing(rows: list[Requirement], tests: Proofs, lines: Proofs) -> list[str]:
    """Return the rows that nothing proves in the way they need."""
    return [
        row.id
        for row in rows
        if row.applies and not tests.get(row.id) and (row.how == "T" or not lines.get(row.id))
    ]


def unknown(rows: list[Requirement], tests: Proofs, lines: Proofs) -> list[str]:
    """Return what is claimed to be proved and stands in no row."""
    return sorted((tests.keys() | lines.keys()) - {row.id for row in rows})


def table(rows: list[Requirement], tests: Proofs, lines: Proofs) -> str:
    """Return the rows that apply, each with its proofs below it."""
    told = []
    for row in rows:
        if row.applies:
            told.append(f"{row.id:<7} L{row.level} {row.how}  {row.paraphrase}")
            proofs = [*sorted(lines.get(row.id, ())), *sorted(tests.get(row.id, ()))]
            told += [f"{'':14}{proof}" for proof in proofs]
    return "\n".join(told)


def main() -> int:
    rows, tests, lines = requirements(), by_tests(), by_document(DOCUMENT.read_text())
    print(table(rows, tests, lines))
    lacking, invented = missing(rows, tests, lines), unknown(rows, tests, lines)
    print()
    if invented:
        print("unknown:", ", ".join(invented))
    if lacking:
        print("missing:", ", ".join(lacking))
    if not lacking and not invented:
        print(f"all {sum(row.applies for row in rows)} requirements that apply are proved")
    return 1 if lacking or invented else 0


if __name__ == "__main__":
    sys.exit(main())
