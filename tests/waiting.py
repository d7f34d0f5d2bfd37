"""Waiting for what comes when it comes: a machine may be slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

WAIT_S = 90.0
_POLL_S = 0.02
_LOOK_S_MAX = 1.0


def until(
    what: Callable[[], Any], *errors: type[Exception], over: Callable[[], str] = lambda: ""
) -> Any:
    """Wait for something to become true, and give it; these errors make it false.

    `over` says why it will not come any more, if that is known. A look counts as a second at most:
    a machine that stood still meanwhile has not had the time that has gone by.
    """
    left_s, looked_s = WAIT_S, time.monotonic()
    while True:
        # Asked before the look: what it waits for may be the last thing that somebody does.
        why_not = over()
        with suppress(*errors):
            found = what()
            if found:
                return found
        assert not why_not, why_not
        assert left_s > 0, "it did not come"
        time.sleep(_POLL_S)
        now_s = time.monotonic()
        left_s -= min(now_s - looked_s, _LOOK_S_MAX)
        looked_s = now_s
