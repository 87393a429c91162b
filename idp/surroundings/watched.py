"""A file of the operator's that may change while we serve: read anew when it does."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from idp.kernel.clock import system_clock

log = structlog.get_logger("idp")
Content = TypeVar("Content")
# How often a process looks whether a file has changed.
LOOKS_EVERY = 2.0
# How long ago it was written where nobody writes to it any more.
RESTS_AFTER = 2.0


class Unreadable(Exception):
    """A file is not there, or not what it should be; the text says which (docs/networks.md)."""


class Watched(Generic[Content]):
    """What a file says, and `nothing` where there is none.

    One that goes missing or is broken leaves standing what was read before, and so does one that is
    being written: half a list is a list as well, and an empty file a policy. It is taken for whole
    when it has rested: whoever comes first after a quiet hour goes by what it says by then.
    """

    def __init__(
        self, path: Path | None, read: Callable[[Path], Content], nothing: Content
    ) -> None:
        self._path, self._read, self._content = path, read, nothing
        # Of what was read, and of what is to be read if it is still the same at the next look.
        self._stamp: tuple[int, ...] | None = None
        self._next_stamp: tuple[int, ...] | None = None
        self._next_look = 0.0
        self._lock = threading.Lock()

    def content(self) -> Content:
        """Return what the file says, as far as we know."""
        # Not an instant that anybody is told or judged by: only when to look again.
        if self._path is None or time.monotonic() < self._next_look:
            return self._content
        # Whoever comes while somebody reads goes on with what there is; at first that is nothing.
        if self._lock.acquire(blocking=self._stamp is None):
            try:
                self._look(self._path)
                self._next_look = time.monotonic() + LOOKS_EVERY
            finally:
                self._lock.release()
        return self._content

    def _look(self, path: Path) -> None:
        stamp, first = _stamp_of(path), self._stamp is None
        if stamp == self._stamp:
            return
        if not first and stamp != self._next_stamp and not _rests(stamp):
            self._next_stamp = stamp
            return
        try:
            content = self._read(path)
        except Unreadable as error:
            log.warning("file_unreadable", path=str(path), why=str(error))
        except Exception:  # whatever it is, no request is to fail for it
            log.exception("file_unreadable", path=str(path))
        else:
            if not first and _stamp_of(path) != stamp:
                return
            self._content = content
            # A command reads what there is and is done; only what changes is news.
            if not first:
                log.info("file_read", path=str(path))
        self._stamp = stamp


def _rests(stamp: tuple[int, ...]) -> bool:
    """Tell whether it was written some time ago, by a clock that may be another machine's."""
    written = stamp[-1] / 1e9 if stamp else float("inf")
    return written <= system_clock().timestamp() - RESTS_AFTER


def _stamp_of(path: Path) -> tuple[int, ...]:
    """Return what changes with the file; nothing while there is none."""
    try:
        now = os.stat(path)  # noqa: PTH116 - Path.stat costs twice as much
    except OSError:
        return ()
    return (now.st_ino, now.st_size, now.st_mtime_ns)
