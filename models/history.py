"""Past exports, kept as long as a label may still ask what was served."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec
import numpy as np

from models.scorer import Linear, Vector

_ROWS_AT_ONCE = 4096  # bounds the block of one row's weights each


class HistoryState(msgspec.Struct, array_like=True):
    """Exports at rest, little-endian float64: stamps x models x (coefficients, intercept)."""

    stamps: list[int]
    exports: bytes  # the fallback first


class History:
    """Which weights were served at any second of the last `keep_s`, for several models at once.

    Before the first export stamped early enough it is the prior; before what is kept, the newest
    that was let go. Space: one export a second.
    """

    def __init__(self, prior: Sequence[Linear], keep_s: int) -> None:
        self._keep_s = keep_s
        self._stamps: list[int] = []
        self._exports: list[Vector] = []
        self._fallback = _matrix(prior)

    def add(self, stamp_s: int, weights: Sequence[Linear]) -> None:
        """Appends the export of a second, later than all before; forgets what none asks for."""
        self._stamps.append(stamp_s)
        self._exports.append(_matrix(weights))
        # The newest export at or before the bound is still the one served there.
        old = bisect_right(self._stamps, stamp_s - self._keep_s)
        if old:
            self._fallback = self._exports[old - 1]
            del self._stamps[:old]
            del self._exports[:old]

    def __len__(self) -> int:
        return len(self._stamps)

    def served(self, rows: Vector, seconds: Sequence[int]) -> Vector:
        """Logits of each row by the newest export stamped at its second or before.

        Rows have shape (rows, features), the result (models, rows); columns are added in order,
        so that the bits are those of `scorer.logits`.
        """
        index = [bisect_right(self._stamps, second) for second in seconds]
        used = sorted(set(index))
        block = np.stack([self._exports[i - 1] if i else self._fallback for i in used])
        place = np.searchsorted(used, index)
        result = np.empty((block.shape[1], len(rows)))
        for begin in range(0, len(rows), _ROWS_AT_ONCE):
            part = slice(begin, begin + _ROWS_AT_ONCE)
            # (features + 1, models, rows): each column contiguous.
            weights = np.ascontiguousarray(block[place[part]].transpose(2, 1, 0))
            columns = np.ascontiguousarray(rows[part].T)
            total = np.zeros(weights.shape[1:])
            for column, coefficients in zip(columns, weights, strict=False):
                total += column * coefficients
            total += weights[-1]
            result[:, part] = total
        return result

    def snapshot(self) -> HistoryState:
        """The exports as plain values."""
        held = b"".join(
            export.astype("<f8").tobytes() for export in (self._fallback, *self._exports)
        )
        return HistoryState(list(self._stamps), held)

    def restore(self, state: HistoryState) -> None:
        """Continues a snapshot of the same models and features."""
        self._stamps = list(state.stamps)
        shape = (len(self._stamps) + 1, *self._fallback.shape)
        exports = list(np.frombuffer(state.exports, dtype="<f8").reshape(shape))
        self._fallback, self._exports = exports[0], exports[1:]


def _matrix(weights: Sequence[Linear]) -> Vector:
    return np.stack([np.append(w.coef, w.intercept) for w in weights])
