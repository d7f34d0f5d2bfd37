"""Drift: the moment at which a model's losses are no longer what they were."""

from __future__ import annotations

from typing import Any

import msgspec

from models.river_parts import __version__, drift
from models.scorer import Vector

DETECTOR = f"river {__version__} ADWIN"

_ADWIN: Any = drift.ADWIN  # River's detectors carry no types


class DriftState(msgspec.Struct, array_like=True):
    """A detector at rest: counts, and ADWIN's window in River's own bytes."""

    worse: int
    better: int
    last_ms: int | None
    detector: str
    detected: bool
    window: bytes
    block_loss: float
    block_examples: int


class Drift:
    """ADWIN over a model's log-losses (Bifet and Gavalda, SDM 2007), in event time.

    It watches means of `block` losses in a row, not single ones: those of one list go together
    and have no upper bound, and ADWIN, which supposes independent values of a bounded range,
    then finds drift everywhere. A change for the worse counts as drift; one for the better is
    learning, and counted apart. ADWIN is chosen over Page-Hinkley because it needs no threshold
    in units of loss, and its window, though it lies in Rust, is given out and taken back bit by
    bit by River itself. Those bytes are River's: under another release of it the window starts
    empty, the counts stay. Space: O(log examples).
    """

    def __init__(self, delta: float, block: int) -> None:
        self.worse = 0
        self.better = 0
        self.last_ms: int | None = None
        self._block = block
        self._block_loss = 0.0
        self._block_examples = 0
        self._adwin = _ADWIN(delta=delta, clock=1)

    def update(self, losses: Vector, now_ms: int) -> None:
        """Adds losses in the order of their examples, all known at `now_ms` of event time."""
        for loss in losses.tolist():
            self._block_loss += loss
            self._block_examples += 1
            if self._block_examples >= self._block:
                self._look(self._block_loss / self._block_examples, now_ms)
                self._block_loss, self._block_examples = 0.0, 0

    def _look(self, mean_loss: float, now_ms: int) -> None:
        before = self._adwin.estimation
        self._adwin.update(mean_loss)
        if not self._adwin.drift_detected:
            return
        # What is left of the window is the new regime.
        if self._adwin.estimation > before:
            self.worse += 1
            self.last_ms = now_ms
        else:
            self.better += 1

    def figures(self) -> dict[str, int | None]:
        """How often losses changed, and when last for the worse."""
        return {"count": self.worse, "last_ms": self.last_ms, "improvements": self.better}

    def snapshot(self) -> DriftState:
        """The detector as plain values."""
        return DriftState(
            self.worse,
            self.better,
            self.last_ms,
            DETECTOR,
            self._adwin._drift_detected,
            self._adwin._helper.__getstate__(),
            self._block_loss,
            self._block_examples,
        )

    def restore(self, state: DriftState) -> None:
        """Continues a snapshot."""
        self.worse = state.worse
        self.better = state.better
        self.last_ms = state.last_ms
        self._block_loss = state.block_loss
        self._block_examples = state.block_examples
        if state.detector == DETECTOR:
            self._adwin._helper.__setstate__(state.window)
            self._adwin._drift_detected = state.detected
