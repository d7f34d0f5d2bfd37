"""Progressive validation: every prediction is judged before its label is learnt."""

from __future__ import annotations

import msgspec
import numpy as np

from models.auc import AucHistogram, AucState, Flags, exact_auc
from models.calibration import Calibration
from models.scorer import Vector, probabilities


class ProgressiveState(msgspec.Struct, array_like=True):
    """Figures at rest; arrays are little-endian float64, the ring oldest first."""

    examples: int
    weight: float
    loss: float
    auc: AucState
    calibration: bytes
    ring: bytes


class Progressive:
    """AUC, log-loss and calibration error of a stream, over all of it and over its newest part.

    Examples count by their importance weight, so that sampled ones stand for those left out.
    The overall AUC is binned (see `AucHistogram`); the rolling figures are exact over the newest
    `rolling` examples. Space: O(bins + rolling).
    """

    def __init__(self, rolling: int, bins: int) -> None:
        self.examples = 0
        self._bins = bins
        self._weight = 0.0
        self._loss = 0.0
        self._auc = AucHistogram()
        self._calibration = Calibration(bins)
        self._ring = np.zeros((3, rolling))  # logit, label, weight
        self._next = 0
        self._held = 0

    def update(self, logits: Vector, labels: Flags, weights: Vector) -> Vector:
        """Judges predictions, all of shape (n,), and gives each one's log-loss in nats."""
        probability = probabilities(logits)
        losses: Vector = np.logaddexp(0.0, np.where(labels, -logits, logits))
        self.examples += len(logits)
        self._weight += float(weights.sum())
        self._loss += float((losses * weights).sum())
        self._auc.update(logits, labels, weights)
        self._calibration.update(probability, labels, weights)
        self._push(np.stack((logits, labels.astype(np.float64), weights)))
        return losses

    def _push(self, columns: Vector) -> None:
        size = self._ring.shape[1]
        skipped = max(0, columns.shape[1] - size)
        at = (self._next + skipped) % size
        kept = columns[:, skipped:]
        first = min(size - at, kept.shape[1])
        self._ring[:, at : at + first] = kept[:, :first]
        self._ring[:, : kept.shape[1] - first] = kept[:, first:]
        self._next = (at + kept.shape[1]) % size
        self._held = min(self._held + kept.shape[1], size)

    def _newest(self) -> Vector:
        size = self._ring.shape[1]
        return np.roll(self._ring, -self._next, axis=1)[:, size - self._held :]

    def overall(self) -> dict[str, float | int | None]:
        """Figures of the whole stream; None where nothing was seen that defines them."""
        return {
            "examples": self.examples,
            "auc": self._auc.value(),
            "auc_error_max": self._auc.error_max(),
            "log_loss": self._loss / self._weight if self._weight > 0 else None,
            "calibration_error": self._calibration.value(),
        }

    def rolling(self) -> dict[str, float | int | None]:
        """The same of the newest examples, exact."""
        logits, flags, weights = self._newest()
        labels = flags == 1.0
        calibration = Calibration(self._bins)
        calibration.update(probabilities(logits), labels, weights)
        losses = np.logaddexp(0.0, np.where(labels, -logits, logits))
        total = float(weights.sum())
        return {
            "examples": len(logits),
            "auc": exact_auc(logits, labels, weights) if len(logits) else None,
            "log_loss": float((losses * weights).sum()) / total if total > 0 else None,
            "calibration_error": calibration.value(),
        }

    def mean_loss(self) -> float | None:
        """Log-loss of the whole stream, None before the first example."""
        return self._loss / self._weight if self._weight > 0 else None

    def snapshot(self) -> ProgressiveState:
        """The figures as plain values."""
        return ProgressiveState(
            self.examples,
            self._weight,
            self._loss,
            self._auc.snapshot(),
            self._calibration.sums.astype("<f8").tobytes(),
            self._newest().astype("<f8").tobytes(),
        )

    def restore(self, state: ProgressiveState) -> None:
        """Continues a snapshot; a ring of another size keeps the newest that fit.

        With another number of calibration bins the overall calibration starts anew.
        """
        self.examples = state.examples
        self._weight = state.weight
        self._loss = state.loss
        self._auc.restore(state.auc)
        sums = np.frombuffer(state.calibration, dtype="<f8").reshape(3, -1)
        if sums.shape == self._calibration.sums.shape:
            self._calibration.sums[:] = sums
        self._next = self._held = 0
        self._push(np.frombuffer(state.ring, dtype="<f8").reshape(3, -1))
