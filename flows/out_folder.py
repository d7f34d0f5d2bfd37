"""The folder for what comes out is made where it is not there, and held by one run at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.failures import BadInput


@contextmanager
def held(folder: str) -> Iterator[Path]:
    """The folder, which is nobody else's meanwhile; `BadInput` where another run has it.

    The lock goes with the process, however that ends. Where a file system has no locks the folder
    is free to all.
    """
    if not folder:
        raise BadInput("--out is empty: name a folder")
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(
                f"another run writes to {folder}: wait until it has ended, or give another --out"
            ) from None
        except OSError:
            pass
        yield path
    finally:
        os.close(lock)
