"""A paired bootstrap says how sure a difference between two rankers of the same lists is."""

from __future__ import annotations

import numpy as np

from models.scorer import Vector

_BLOCK = 100  # resamples drawn at a time, to bound memory


def paired_bootstrap(ours: Vector, theirs: Vector, resamples: int, seed: int) -> dict[str, float]:
    """Mean of `ours - theirs` over lists and its 95 % percentile interval.

    Lists are drawn with replacement (Efron and Tibshirani, An introduction to the bootstrap,
    1993); both arrays have shape (lists,), the same lists in the same order, at least one.
    Same seed, same answer.
    """
    if len(ours) == 0 or len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} lists cannot be paired")
    difference = ours - theirs
    draws = np.random.default_rng(seed)
    means = np.empty(resamples)
    for begin in range(0, resamples, _BLOCK):
        count = min(_BLOCK, resamples - begin)
        picked = draws.integers(0, len(difference), size=(count, len(difference)))
        means[begin : begin + count] = difference[picked].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {"mean_difference": float(difference.mean()), "low": float(low), "high": float(high)}
