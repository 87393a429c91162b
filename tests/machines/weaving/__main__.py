"""`python -m tests.machines.weaving` prints how many schedules each pair of operations has."""

import sys

from tests.machines.weaving.report import report

if __name__ == "__main__":
    wrong = report(whole="--whole" in sys.argv)
    print("\n".join([*wrong, f"{len(wrong)} violations"]))
    raise SystemExit(bool(wrong))
