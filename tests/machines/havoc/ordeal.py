"""One run: servers, clients, an operator and a nemesis over one database; then the judgement."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from idp.store import migrate
from tests.app import Provider
from tests.machines.havoc import nemesis, operators, workers
from tests.machines.havoc.bookkeeping import disagreements
from tests.machines.havoc.checker import Rules, Violation, violations_of
from tests.machines.havoc.checker.availability import recoveries
from tests.machines.havoc.history import History, Kind
from tests.machines.havoc.nemesis import Nemesis, Target
from tests.machines.havoc.scene import scene_of
from tests.machines.havoc.workers import Worker
from tests.machines.installation import SHARED, provider_over
from tests.machines.own_postgres import OwnPostgres
from tests.support.server import ProviderProcess

WORKERS = 8
LEEWAY = 2
# Keys that are known everywhere after three seconds, and a leeway that a run outlasts.
_QUICK = {
    "IDP_KEYS_CACHED_FOR": "1",
    "IDP_JWKS_MAX_AGE": "1",
    "IDP_REFRESH_LEEWAY": str(LEEWAY),
}


@dataclass
class Report:
    """What a run came to."""

    seed: str
    history: History
    violations: list[Violation]
    disagreements: list[str]
    seconds: float
    struck: int
    recoveries: list[float] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that should not be."""
        return [*map(str, self.violations), *self.disagreements]

    def __str__(self) -> str:
        done = f"{len(self.history)} operations in {self.seconds:.0f} s, {self.struck} blows"
        lines = [f"seed {self.seed}: {done}, {len(self.faults)} violations"]
        for kind, outcomes in sorted(self.history.figures().items()):
            told = ", ".join(f"{n} {name}" for name, n in outcomes.most_common())
            lines.append(f"  {kind:15} {told}")
        troubles = Counter(op.note for op in self.history.of(Kind.TROUBLE))
        lines.append("  nemesis         " + ", ".join(f"{n} {t}" for t, n in troubles.items()))
        if self.recoveries:
            longest = max(self.recoveries)
            lines.append(f"  serving after   {longest:.2f} s at the latest")
        return "\n".join(lines)


@contextmanager
def installation(
    kind: str, folder: Path, **environment: str
) -> Iterator[tuple[Provider, list[ProviderProcess], Target]]:
    """Give a provider beside running nodes, over a database with its durable defaults."""
    with ExitStack() as stack:
        postgres = stack.enter_context(OwnPostgres()) if kind == "postgresql" else None
        url = f"sqlite:///{folder / 'havoc.sqlite3'}"
        if postgres is not None:
            url = postgres.create_database("provider")
        migrate.upgrade(url.replace("postgresql:", "postgresql+psycopg:"))
        own = {name.removeprefix("IDP_").lower(): value for name, value in _QUICK.items()}
        provider = stack.enter_context(provider_over(url, folder, **own))
        count = 1 if postgres is None else 2
        arguments = ("--workers", "1", "--threads", "8")
        nodes = [
            ProviderProcess(
                url,
                folder,
                arguments=arguments,
                environment=SHARED | _QUICK | environment,
                program="tests.machines.havoc.mutants" if environment else "idp",
            )
            for _ in range(count)
        ]
        for node in nodes:
            stack.enter_context(node)
        yield provider, nodes, Target(nodes, url, postgres)


def undergo(
    kind: str,
    folder: Path,
    *,
    seed: str = "",
    seconds: float,
    operations: int | None = None,
    peace: bool = False,
    **environment: str,
) -> Report:
    """Run for so long, or for so many operations, and judge what came of it.

    In `peace` there is no nemesis: what goes wrong then, goes wrong by itself.
    """
    seed = seed or secrets.token_hex(4)
    with installation(kind, folder, **environment) as (provider, nodes, target):
        scene = scene_of(provider, nodes)
        history, began = scene.history, time.monotonic()

        def over() -> bool:
            enough = operations is not None and len(history.ops) >= operations
            return enough or time.monotonic() - began > seconds

        blows = Nemesis(target, history, seed)
        threads = [
            *workers.crowd(scene, WORKERS, seed, over),
            operators.begin(scene, seed, over),
            *([] if peace else [nemesis.begin(blows, over)]),
        ]
        join(threads)
        Worker(scene, WORKERS, seed).look_back()
        rules = Rules(leeway=LEEWAY, public=scene.public)
        found = violations_of(history, rules)
        books = disagreements(provider, history)
        taken = time.monotonic() - began
    return Report(seed, history, found, books, taken, blows.struck, recoveries(history.ops))


def join(threads: list[threading.Thread]) -> None:
    """Wait for all."""
    for thread in threads:
        thread.join()
