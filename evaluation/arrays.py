"""The kinds of arrays that evaluation works on, and sums over them by index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def totals(index: Ints, values: Floats | Ints | Flags, size: int) -> Floats:
    """Sums of values by their index, shape (size,)."""
    return np.bincount(index, values, size).astype(np.float64)


def counts(index: Ints, size: int) -> Floats:
    """How often each index comes, shape (size,)."""
    return np.bincount(index, minlength=size).astype(np.float64)


def ratio(above: Floats, below: Floats) -> float:
    """The ratio of two sums, NaN where there is nothing below."""
    total = float(below.sum())
    return float(above.sum()) / total if total > 0.0 else float("nan")
