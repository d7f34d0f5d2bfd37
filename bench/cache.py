"""What is fetched once a machine and kept in the user's cache, for measurements and tests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

_WHOLE = "whole"


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name, made where it is not there whole; others wait meanwhile.

    What `make` raises comes out, and the next one begins again.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "liveloom"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _WHOLE).exists():
            make(folder)
            (folder / _WHOLE).touch()
    return folder
