"""Write docs/requirements.md: which test proves which section of which specification."""

import argparse
import contextlib
import io
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.spec import SECTION

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/requirements.md"
_HEAD = """\
# Requirements and their tests

Which test proves which section of which specification. Made from the tests' `@spec` marks by
`make requirements`; a test fails when this page is stale.
"""

Proofs = dict[str, dict[str, set[str]]]


class _Collector:
    """A pytest plugin that notes the marks of all tests."""

    def __init__(self) -> None:
        self.proofs: Proofs = defaultdict(lambda: defaultdict(set))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            test = item.nodeid.partition("[")[0]
            for mark in item.iter_markers("spec"):
                for text in mark.args:
                    document, section = _parsed(text)
                    self.proofs[document][section].add(test)


def _parsed(text: str) -> tuple[str, str]:
    match = SECTION.match(text)
    if match is None:
        raise ValueError(text)
    return match["document"], match["section"] or ""


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort §4.10 after §4.9, and RFC 9207 after RFC 6749."""
    return [(int(p), "") if p.isdigit() else (-1, p) for p in re.findall(r"\d+|\D+", text)]


def collected() -> Proofs:
    """Return the marks of all tests, without running any.

    Raises:
        RuntimeError: a test file cannot be read.
    """
    collector = _Collector()
    said = io.StringIO()
    # Marks are the same on each kind of database, and no assertion is going to fail here.
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider"]
    arguments += ["--assert=plain", "--database=sqlite"]
    with contextlib.redirect_stdout(said):
        status = pytest.main([*arguments, "--rootdir", str(ROOT), str(ROOT / "tests")], [collector])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise RuntimeError(said.getvalue())
    return collector.proofs


def page(proofs: Proofs) -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for document in sorted(proofs, key=_natural):
        parts.append(f"\n## {document}\n\n| section | tests |\n|---|---|\n")
        for section in sorted(proofs[document], key=_natural):
            tests = "<br>".join(f"`{test}`" for test in sorted(proofs[document][section]))
            parts.append(f"| {f'§{section}' if section else 'as a whole'} | {tests} |\n")
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when stale")
    check = parser.parse_args().check
    wanted = page(collected())
    if not check:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(wanted)
        return 0
    if PAGE.exists() and PAGE.read_text() == wanted:
        return 0
    print("docs/requirements.md is stale: run `make requirements`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
