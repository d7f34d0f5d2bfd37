"""A pause before an epoch ends, so that the less loaded of several processes is not starved."""

from __future__ import annotations

import time

_WAITED_S_MIN = 0.002
_EARLY_S = 0.003
_SHARE = 0.9


class EpochRest:
    """Lets a fast process wait before an epoch ends, not after it.

    Who ends an epoch early waits for the slowest, and that wait would count as part of the next
    epoch: with each one less would be left of it to read in.
    """

    def __init__(self, epoch_s: float) -> None:
        self._epoch_s = epoch_s
        self._ended_s: float | None = None
        self._began_s = time.perf_counter()
        self._waited_s = 0.0
        self._done = True

    def epoch_ends(self) -> None:
        """The partition's snapshot is taken."""
        self._ended_s = time.perf_counter()

    def before_epoch_ends(self) -> float:
        """How long to wait now, in seconds: mostly not at all."""
        now_s = time.perf_counter()
        if self._ended_s is not None:
            self._waited_s, self._began_s = now_s - self._ended_s, self._ended_s
            self._ended_s, self._done = None, False
        if self._done or self._waited_s <= _WAITED_S_MIN:
            return 0.0
        if now_s - self._began_s < self._epoch_s - _EARLY_S:
            return 0.0
        self._done = True
        return _EARLY_S + _SHARE * self._waited_s
