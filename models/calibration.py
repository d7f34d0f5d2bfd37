"""Calibration error: how far stated probabilities lie from what then happened."""

from __future__ import annotations

import numpy as np

from models.auc import Flags
from models.scorer import Vector


class Calibration:
    """Expected calibration error over equal-width bins of probability.

    The mean over bins, by their weight, of |mean probability - share of positives| (Naeini,
    Cooper and Hauskrecht, AAAI 2015). Order: any. Space: O(bins).
    """

    def __init__(self, bins: int) -> None:
        # Rows: weight, probability, positives.
        self.sums = np.zeros((3, bins))

    def update(self, probability: Vector, labels: Flags, weights: Vector) -> None:
        """Adds scored examples; all of shape (n,)."""
        bins = self.sums.shape[1]
        place = np.minimum((probability * bins).astype(np.int64), bins - 1)
        self.sums[0] += np.bincount(place, weights=weights, minlength=bins)
        self.sums[1] += np.bincount(place, weights=weights * probability, minlength=bins)
        self.sums[2] += np.bincount(place, weights=weights * labels, minlength=bins)

    def value(self) -> float | None:
        """The error in [0, 1], None before the first example."""
        total = float(self.sums[0].sum())
        if total <= 0.0:
            return None
        return float(np.abs(self.sums[1] - self.sums[2]).sum()) / total
