"""One folder per test run, shared by its workers, and things made in it once for all of them."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_FOLDER = "TEST_RUN_FOLDER"
_OWNER = "TEST_RUN_OWNER"


def begin() -> Path:
    """Make the folder of this run. Called once, by the process that the workers descend from."""
    # Short, for a Unix socket's path has room for a hundred characters; and a place that a
    # PostgreSQL running under another account can reach.
    base = "/tmp" if os.access("/tmp", os.W_OK) else None
    made = Path(tempfile.mkdtemp(prefix="idp-test-", dir=base))
    made.chmod(0o711)
    os.environ[_FOLDER] = str(made)
    os.environ[_OWNER] = str(os.getpid())
    return made


def end(made: Path) -> None:
    """Remove the folder of this run."""
    shutil.rmtree(made, ignore_errors=True)


def folder() -> Path:
    """Return the folder of this run."""
    return Path(os.environ[_FOLDER])


def owner() -> int:
    """Return the process that this run ends with."""
    return int(os.environ[_OWNER])


def once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the file `name`, made by the first worker that asks; the others wait for it.

    `make` writes to the path it is given; the file appears under its name when it is whole.
    """
    made = folder() / name
    if not made.exists():
        with FileLock(f"{made}.lock"):
            if not made.exists():
                draft = made.with_name(f"{made.name}.draft")
                make(draft)
                draft.rename(made)
    return made
