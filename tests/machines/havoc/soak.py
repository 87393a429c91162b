"""Rounds of havoc on both databases, each over a new one, until there were operations enough."""

import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

from tests.machines.havoc.ordeal import Report, undergo
from tests.support.databases import KINDS

ROUND_SECONDS = 90
ROUND_OPERATIONS = 10_000
SHOWN = 20


@dataclass
class Total:
    """All rounds together."""

    operations: int = 0
    seconds: float = 0
    rounds: int = 0
    blows: int = 0
    counted: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count a round."""
        self.operations += len(report.history)
        self.seconds += report.seconds
        self.rounds += 1
        self.blows += report.struck
        for kind, outcomes in report.history.figures().items():
            self.counted.setdefault(kind, Counter()).update(outcomes)
        self.faults += report.faults
        self.recoveries += report.recoveries

    def __str__(self) -> str:
        done = f"{self.operations} operations in {self.rounds} rounds and {self.seconds:.0f} s"
        lines = [f"{done}, {self.blows} blows, {len(self.faults)} violations"]
        for kind, outcomes in sorted(self.counted.items()):
            told = ", ".join(f"{n} {name}" for name, n in outcomes.most_common())
            lines.append(f"  {kind:15} {told}")
        if self.recoveries:
            times, longest = len(self.recoveries), max(self.recoveries)
            lines.append(f"  database back   {times} times, serving after {longest:.2f} s at most")
        return "\n".join(lines)


def soak(*, seed: str, operations: int, minutes: float) -> list[str]:
    """Run, print figures, and return what should not be; a bad round's history is kept."""
    total, began = Total(), time.monotonic()
    for number, kind in zip(count(1), cycle(KINDS), strict=False):
        left = minutes * 60 - (time.monotonic() - began)
        if total.operations >= operations or left <= 0:
            break
        folder = Path(tempfile.mkdtemp(prefix="idp-havoc-"))
        report = undergo(
            kind,
            folder,
            seed=f"{seed}/{number}",
            seconds=min(ROUND_SECONDS, left),
            operations=min(ROUND_OPERATIONS, operations - total.operations),
        )
        total.add(report)
        print(f"{kind}: {report}", flush=True)
        if report.faults:
            report.history.dump(folder / "history.jsonl")
            print("\n".join([*report.faults[:SHOWN], f"the history: {folder}"]), flush=True)
        else:
            shutil.rmtree(folder)
    print(f"havoc: {total}", flush=True)
    return total.faults
