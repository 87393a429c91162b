"""Long runs that the default tests have no time for: `python -m tests.machines.soak`."""

import secrets
from collections.abc import Callable

import click

from tests.machines.havoc import soak as havoc
from tests.machines.weaving import report as weaving

# Each takes a seed, how many operations and how many minutes it may use, and returns the faults.
# What an operation is differs: weaving makes a tenth as many storms, of some thirty requests each.
SOAKS: tuple[Callable[..., list[str]], ...] = (havoc.soak, weaving.soak)


@click.command()
@click.option("--operations", default=100_000, show_default=True, help="How many, of each kind.")
@click.option("--minutes", default=60.0, show_default=True, help="No longer than this in all.")
@click.option("--seed", default="", help="Of a run that is to be played again.")
def main(operations: int, minutes: float, seed: str) -> None:
    """Run until it has been enough; the exit status says whether all was well."""
    seed = seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    share = minutes / len(SOAKS)
    told = [soak(seed=seed, operations=operations, minutes=share) for soak in SOAKS]
    faults = [fault for each in told for fault in each]
    print(f"seed {seed}: {len(faults)} violations")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
