"""Runs the jobs, each when it is due; one that fails is logged and tried again."""

import secrets
import threading
from datetime import datetime, timedelta

import structlog

from idp.app.composition import command_context
from idp.kernel.registry import Registry
from idp.web.context import ClockReading
from idp.worker.courier import Courier
from idp.worker.jobs import JOBS, Job

ACTOR = "worker"
JITTER = 0.2
# Between two batches others have their turn, on SQLite for writing as well.
BREATH = timedelta(milliseconds=50)
log = structlog.get_logger("idp")


class Loop:
    """The jobs with the instants at which they are due next."""

    def __init__(self, house: Registry, jobs: tuple[Job, ...] = JOBS) -> None:
        self._house = house
        self._clock = house.get(ClockReading)
        self._due = {job: self._clock.read() for job in jobs}
        self.stopping = threading.Event()

    def run(self) -> None:
        """Run what is due until `stopping` is set."""
        while not self.stopping.is_set():
            self.run_due()
            wait = min(self._due.values()) - self._clock.read()
            self.stopping.wait(max(0.0, wait.total_seconds()))

    def run_due(self) -> None:
        """Run each job whose time has come, once."""
        for job, due in self._due.items():
            now = self._clock.read()
            if due <= now and not self.stopping.is_set():
                more = self._run(job) >= job.full
                self._due[job] = now + (BREATH if more else _jittered(job.every))

    def due(self) -> dict[str, datetime]:
        """Return when each job runs next, by its name."""
        return {job.name: at for job, at in self._due.items()}

    def _run(self, job: Job) -> int:
        """Return how many things the job changed."""
        changed = 0
        try:
            with command_context(self._house, ACTOR) as ctx:
                changed = job.run(ctx)
        except Exception:  # one job's fault is not the others', and the next time may be better
            log.exception("job failed", job=job.name)
        else:
            if changed:
                log.info("job done", job=job.name, changed=changed)
        return changed


def start(house: Registry) -> Loop:
    """Run the jobs and the courier in threads that end with the process."""
    loop = Loop(house)
    courier = Courier(house, loop.stopping)
    for name, run in (("worker", loop.run), ("courier", courier.run)):
        threading.Thread(target=run, name=name, daemon=True).start()
    return loop


def _jittered(every: timedelta) -> timedelta:
    """Return about `every`, so that many nodes do not all come at once."""
    share = secrets.randbelow(1001) / 1000
    return every * (1 - JITTER / 2 + JITTER * share)
