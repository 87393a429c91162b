"""Delivers what the outbox holds, a second after it was written.

Mail, text messages and deferred work have a thread each while there is something to do, beside the
thread of the jobs: a relay that does not answer delays nothing but mail. Idle, it is one SELECT a
second. Who dies between sending and marking has sent: another worker sends again (at least once).
"""

import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import structlog

from idp.app.composition import command_context
from idp.audit import record
from idp.audit.delivery_events import DeliveryFailed
from idp.delivery import dispatch
from idp.delivery.dispatch import Lane
from idp.delivery.outcome import Never, NotDelivered, NotNow
from idp.delivery.parcel import Parcel
from idp.kernel.registry import Registry
from idp.settings import Settings
from idp.store.outbox import Leased
from idp.worker.deferred import HANDLERS, Handler

ACTOR = "worker"
EVERY_SECONDS = 1.0
AFTER_A_FAULT_SECONDS = 5.0
log = structlog.get_logger("idp")


class Courier:
    """Takes rows out of the outbox until `stopping` is set."""

    def __init__(
        self,
        house: Registry,
        stopping: threading.Event | None = None,
        handlers: Mapping[str, Handler] = HANDLERS,
    ) -> None:
        self._house = house
        self._handlers = handlers
        self._busy = {lane: threading.Lock() for lane in Lane}
        self.stopping = stopping or threading.Event()

    def run(self) -> None:
        """Look every second, and give each lane in which something is due a thread."""
        while not self.stopping.is_set():
            self.stopping.wait(EVERY_SECONDS if self._set_out() else AFTER_A_FAULT_SECONDS)

    def _set_out(self) -> bool:
        """Start what is due; False when the outbox cannot be read."""
        try:
            with command_context(self._house, ACTOR) as ctx:
                lanes = dispatch.due(ctx)
        except Exception:  # the database may be away; it is asked again
            log.exception("outbox not read")
            return False
        for lane in lanes:
            if not self._busy[lane].locked():
                threading.Thread(
                    target=self._drain, args=(lane,), name=f"courier {lane}", daemon=True
                ).start()
        return True

    def deliver_due(self) -> int:
        """Deliver what is due, here and now; return how many rows were tried."""
        return sum(self._drain(lane) for lane in Lane)

    def _drain(self, lane: Lane) -> int:
        """Deliver one by one what is due in a lane, unless a thread does so already."""
        tried = 0
        if not self._busy[lane].acquire(blocking=False):
            return tried
        try:
            while not self.stopping.is_set() and self._deliver_next(lane):
                tried += 1
        except Exception:  # what was claimed is tried again when its lease ends
            log.exception("delivery interrupted", lane=lane)
        finally:
            self._busy[lane].release()
        return tried

    def _deliver_next(self, lane: Lane) -> bool:
        with command_context(self._house, ACTOR) as ctx:
            held = dispatch.claim(ctx, lane)
        if held is None:
            return False
        try:
            parcel = dispatch.unpack(ctx, held)
        except Never as too_late:
            self._failed(held, too_late)
            return True
        failure = self._try(parcel)
        # Outside of any `except`: what a handler's error says must not be chained into the log.
        if failure is not None:
            self._failed(held, failure, parcel.good_until)
        return True

    def _try(self, parcel: Parcel) -> NotDelivered | None:
        """Return why it was not delivered; None when it was."""
        try:
            (self._send if parcel.held.kind in dispatch.SENDERS else self._work_out)(parcel)
        except NotDelivered as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - its text may hold what was to be said
            return NotNow(f"{type(error).__name__} at {_place(error)}")
        return None

    def _send(self, parcel: Parcel) -> None:
        dispatch.send(self._house.get(Settings), parcel)
        with command_context(self._house, ACTOR) as ctx:
            dispatch.delivered(ctx, parcel.held)

    def _work_out(self, parcel: Parcel) -> None:
        """Run a handler in the transaction that marks its row: both last, or neither does."""
        handler = self._handlers.get(parcel.held.kind)
        if handler is None:
            # A newer release may have written it, and its worker will know.
            raise NotNow("no handler")
        with command_context(self._house, ACTOR) as ctx:
            if dispatch.delivered(ctx, parcel.held):
                handler(ctx, parcel.payload)

    def _failed(
        self, held: Leased, failure: NotDelivered, good_until: datetime | None = None
    ) -> None:
        event = DeliveryFailed(
            delivery_id=held.id,
            kind=held.kind,
            reason=failure.reason,
            attempts=held.attempts,
        )
        with command_context(self._house, ACTOR) as ctx:
            given_up = dispatch.failed(ctx, held, failure, good_until)
            if given_up:
                record(ctx, event)
        log.warning("delivery failed", **asdict(event), given_up=given_up)


def _place(error: Exception) -> str:
    """Return where an error was raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
