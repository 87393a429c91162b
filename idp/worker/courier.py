"""Delivers what the outbox holds, a second after it was written.

Mail, text messages, deferred work and every client that is to be told something have a thread each
while there is something to do, beside the thread of the jobs: a relay that does not answer delays
nothing but mail, a client nothing but what is for it. Idle, it is one SELECT a second. Who dies
between sending and marking has sent: another worker sends again (at least once).
"""

import secrets
import threading
import traceback
from collections.abc import Mapping, Sequence
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
from idp.delivery.parcel import SENT, Parcel
from idp.kernel.registry import Registry
from idp.store.outbox import Leased
from idp.worker.deferred import HANDLERS, Handler
from idp.worker.senders import SENDERS

ACTOR = "worker"
EVERY_SECONDS = 1.0
AFTER_A_FAULT_SECONDS = 5.0
CLIENTS_AT_ONCE = 32
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
        self._busy: dict[Lane, threading.Lock] = {}
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
        for lane in self._chosen(lanes):
            threading.Thread(
                target=self._drain, args=(lane,), name=f"courier {lane.name}", daemon=True
            ).start()
        return True

    def _chosen(self, due: set[Lane]) -> list[Lane]:
        """Return which lanes get a thread now; of very many clients, some at random."""
        idle = [lane for lane in due if not self._lock(lane).locked()]
        clients = [lane for lane in idle if lane.client_id is not None]
        at_work = sum(1 for lane in [*self._busy] if lane.client_id and self._busy[lane].locked())
        some = _shuffled(clients)[: max(0, CLIENTS_AT_ONCE - at_work)]
        return [lane for lane in idle if lane.client_id is None] + some

    def _lock(self, lane: Lane) -> threading.Lock:
        return self._busy.setdefault(lane, threading.Lock())

    def deliver_due(self) -> int:
        """Deliver what is due, here and now; return how many rows were tried."""
        with command_context(self._house, ACTOR) as ctx:
            lanes = dispatch.due(ctx)
        clients = [lane for lane in lanes if lane.client_id is not None]
        return sum(self._drain(lane) for lane in (Lane.MAIL, Lane.TEXT, *clients, Lane.WORK))

    def _drain(self, lane: Lane) -> int:
        """Deliver one by one what is due in a lane, unless a thread does so already.

        A client that does not take something has had its turn: others may wait for this thread.
        """
        tried = 0
        if not self._lock(lane).acquire(blocking=False):
            return tried
        try:
            while not self.stopping.is_set():
                taken = self._deliver_next(lane)
                tried += taken is not None
                if taken is None or (lane.client_id is not None and not taken):
                    break
        except Exception:  # what was claimed is tried again when its lease ends
            log.exception("delivery interrupted", lane=lane.name, client_id=lane.client_id)
        finally:
            self._lock(lane).release()
        return tried

    def _deliver_next(self, lane: Lane) -> bool | None:
        """Deliver what comes next; None when nothing does, False when it is tried again later."""
        with command_context(self._house, ACTOR) as ctx:
            held = dispatch.claim(ctx, lane)
        if held is None:
            return None
        try:
            parcel = dispatch.unpack(ctx, held)
        except Never as too_late:
            self._failed(held, too_late)
            return True
        failure = self._try(parcel)
        # Outside of any `except`: what a handler's error says must not be chained into the log.
        if failure is not None:
            self._failed(held, failure, parcel.good_until)
        return failure is None or isinstance(failure, Never)

    def _try(self, parcel: Parcel) -> NotDelivered | None:
        """Return why it was not delivered; None when it was."""
        try:
            (self._send if parcel.held.kind in SENT else self._work_out)(parcel)
        except NotDelivered as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - its text may hold what was to be said
            return NotNow(f"{type(error).__name__} at {_place(error)}")
        return None

    def _send(self, parcel: Parcel) -> None:
        """Read what is needed, then send outside of any transaction, then mark."""
        with command_context(self._house, ACTOR) as ctx:
            send = SENDERS[parcel.held.kind](ctx, parcel)
        if send is not None:
            send()
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
            sid=held.sid,
            client_id=held.client_id,
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


def _shuffled(lanes: Sequence[Lane]) -> list[Lane]:
    """Return them in another order each time, so that none is always the last."""
    return secrets.SystemRandom().sample(lanes, len(lanes))
