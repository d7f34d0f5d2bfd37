"""Waiting for what comes when it comes: a machine may be slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_WAIT_S = 90.0
_POLL_S = 0.02


def until(what: Callable[[], Any], *errors: type[Exception]) -> Any:
    """Wait for something to become true, and give it; these errors make it false."""
    end_s = time.monotonic() + _WAIT_S
    while time.monotonic() < end_s:
        with suppress(*errors):
            found = what()
            if found:
                return found
        time.sleep(_POLL_S)
    raise AssertionError("it did not come")
