"""What the engine's compiled half writes to the error output goes into a file instead."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def noise_to(path: Path) -> Iterator[None]:
    """Meanwhile file descriptor 2 is this file; what Python itself says goes where it went.

    The engine panics when our code raises, and prints a stack of its own. The file is removed
    at the end if nothing was written.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    own = sys.stderr
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, kept)
        if _is_descriptor_2():
            encoding = getattr(own, "encoding", None) or "utf-8"
            sys.stderr = stack.enter_context(
                open(kept, "w", buffering=1, encoding=encoding, closefd=False)
            )
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, 2)
        os.close(file)
        try:
            yield
        finally:
            sys.stderr.flush()
            sys.stderr = own
            os.dup2(kept, 2)
            if not path.stat().st_size:
                path.unlink()


def _is_descriptor_2() -> bool:
    try:
        return sys.stderr.fileno() == 2
    except (OSError, ValueError):
        return False
