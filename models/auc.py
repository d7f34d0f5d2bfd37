"""Area under the ROC curve: the chance that a positive is scored above a negative."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from models.scorer import Vector

Flags = npt.NDArray[np.bool_]

_BINS = 4096
_LOGIT_MAX = 16.0
_PER_LOGIT = _BINS / (2 * _LOGIT_MAX)


def exact_auc(logits: Vector, labels: Flags, weights: Vector) -> float | None:
    """Weighted AUC, ties counting half; None without both labels. Time: O(n log n)."""
    _, place = np.unique(logits, return_inverse=True)
    positives: Vector = np.bincount(place, weights=weights * labels).astype(np.float64)
    negatives: Vector = np.bincount(place, weights=weights * ~labels).astype(np.float64)
    return _area(positives, negatives)


def _area(positives: Vector, negatives: Vector) -> float | None:
    pairs = float(positives.sum()) * float(negatives.sum())
    if pairs <= 0.0:
        return None
    below = np.cumsum(negatives) - negatives / 2
    return float((positives * below).sum()) / pairs


class AucState(msgspec.Struct, array_like=True):
    """Bins that hold something, their index and weights."""

    bins: list[int]
    positives: list[float]
    negatives: list[float]


class AucHistogram:
    """AUC of a stream in bounded memory: 4,096 bins of 1/128 logit, the outer ones open.

    Pairs of different bins are ordered exactly and pairs of one bin count half, so the error is
    at most half the share of pairs that meet in a bin: `error_max` says how much that is.
    Order: any. Space: O(bins). Judged by `exact_auc`.
    """

    def __init__(self) -> None:
        self._positives = np.zeros(_BINS)
        self._negatives = np.zeros(_BINS)

    def update(self, logits: Vector, labels: Flags, weights: Vector) -> None:
        """Adds scored examples; all of shape (n,)."""
        place = np.clip((logits + _LOGIT_MAX) * _PER_LOGIT, 0, _BINS - 1).astype(np.int64)
        self._positives += np.bincount(place, weights=weights * labels, minlength=_BINS)
        self._negatives += np.bincount(place, weights=weights * ~labels, minlength=_BINS)

    def value(self) -> float | None:
        """The AUC, None until both labels were seen."""
        return _area(self._positives, self._negatives)

    def error_max(self) -> float | None:
        """Largest distance of `value` from the exact AUC."""
        pairs = float(self._positives.sum()) * float(self._negatives.sum())
        if pairs <= 0.0:
            return None
        return float((self._positives * self._negatives).sum()) / 2 / pairs

    def snapshot(self) -> AucState:
        """The histogram as plain values."""
        held = np.flatnonzero((self._positives != 0) | (self._negatives != 0))
        return AucState(
            held.tolist(), self._positives[held].tolist(), self._negatives[held].tolist()
        )

    def restore(self, state: AucState) -> None:
        """Continues a snapshot."""
        self._positives[:] = 0.0
        self._negatives[:] = 0.0
        self._positives[state.bins] = state.positives
        self._negatives[state.bins] = state.negatives
