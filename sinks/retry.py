"""Waiting for something that is away: ever longer up to a limit, for ever, and ready to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from events.hashing import uniform
from sinks.settings import RedisSettings

_SLICE_S: Final = 0.1


class Stopped(Exception):
    """The run is to end while what was to be written could not be: a restart delivers it again."""


class Backoff:
    """Waits of `first_ms` that double up to `longest_ms`, each shortened by up to a half.

    The shortening depends on name and attempt alone; it keeps many writers from coming back
    together.
    """

    def __init__(
        self,
        settings: RedisSettings,
        name: str,
        should_stop: Callable[[], bool],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._first_s = settings.retry_first_ms / 1000
        self._longest_s = settings.retry_longest_ms / 1000
        self._name = name
        self._should_stop = should_stop
        self._sleep = sleep

    def wait(self, attempt: int) -> None:
        """Wait before the given attempt (from 0), in slices; `Stopped` once the run is to end."""
        # Beyond 2^30 times the first wait there is only the longest.
        full_s = min(self._first_s * (1 << min(attempt, 30)), self._longest_s)
        left_s = full_s * (1 - uniform(f"{self._name}:{attempt}", 0) / 2)
        while True:
            if self._should_stop():
                raise Stopped(f"{self._name}: stopped while Redis was away")
            if left_s <= 0:
                return
            self._sleep(min(left_s, _SLICE_S))
            left_s -= _SLICE_S
