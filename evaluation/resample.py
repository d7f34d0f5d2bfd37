"""How sure a figure is: users are drawn anew, and with each user all that came of them.

Users act alike from list to list, so lists are no independent draws, users are. Each user counts
Poisson(1) times in a resample, which for many users is the multinomial bootstrap without its sum
(Hanley and MacGibbon, Computer Methods and Programs in Biomedicine 83(1), 2006; Chamandy et al.,
Estimating uncertainty for massive data streams, Google, 2012). The same seed draws the same
counts, so two policies over the same users are compared in pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats

_BLOCK_CELLS = 4_000_000  # counts drawn at a time, to bound memory
_LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; `real` is whether a difference is: 0 lies outside."""

    value: float
    low: float
    high: float

    @property
    def real(self) -> bool:
        """Whether 0 lies outside of the interval."""
        return self.low > 0.0 or self.high < 0.0

    def plain(self) -> dict[str, float | bool]:
        """For `metrics.json`."""
        return {"value": self.value, "low": self.low, "high": self.high}


class Resamples:
    """So many resamples of so many users."""

    def __init__(self, users: int, resamples: int, seed: int) -> None:
        self.users = users
        self.resamples = resamples
        self.seed = seed

    def counts(self) -> Iterator[Floats]:
        """How often each user counts, in blocks of shape (resamples, users)."""
        draws = np.random.default_rng(self.seed)
        at_once = max(1, _BLOCK_CELLS // max(1, self.users))
        for begin in range(0, self.resamples, at_once):
            rows = min(at_once, self.resamples - begin)
            yield draws.poisson(1.0, (rows, self.users)).astype(np.float64)

    def totals(self, columns: Floats) -> Floats:
        """Sums over users of each column, shape (users, n) to (resamples, n)."""
        return np.concatenate([block @ columns for block in self.counts()])

    def ratios(self, above: Floats, below: Floats) -> Floats:
        """Resampled ratios of sums over users, both of shape (users, n), to (resamples, n)."""
        width = above.shape[1]
        totals = self.totals(np.concatenate((above, below), axis=1))
        ratios: Floats = np.full((len(totals), width), np.nan)
        np.divide(totals[:, :width], totals[:, width:], out=ratios, where=totals[:, width:] > 0)
        return ratios


def percentile(value: float, resampled: Floats) -> Interval | None:
    """The percentile interval of a figure from its resampled values; None where there are none."""
    kept = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or len(kept) < 2:
        return None
    low, high = np.quantile(kept, _LEVELS)
    return Interval(value, float(low), float(high))


def studentised(above: Floats, below: Floats, resamples: Resamples) -> Interval | None:
    """The bootstrap-t interval of sum(above) / sum(below), both of shape (users,).

    Its error in coverage falls with 1/n where a normal or percentile interval's falls with
    1/sqrt(n), which counts for the skewed sums of importance weights (Hall, Annals of Statistics
    16(3), 1988). The standard error, here and in each resample, is that of the linearised ratio
    over users.
    """
    total = float(below.sum())
    if total <= 0.0 or np.count_nonzero(below) < 2:
        return None
    value = float(above.sum()) / total
    error = float(np.sqrt(((above - value * below) ** 2).sum())) / total
    if error == 0.0:
        return Interval(value, value, value)
    columns = np.stack((above, below, above * above, above * below, below * below), axis=1)
    up, down, square, cross, below_square = resamples.totals(columns).T
    drawn = down > 0.0
    ratio = up[drawn] / down[drawn]
    spread = square[drawn] - 2.0 * ratio * cross[drawn] + ratio * ratio * below_square[drawn]
    return _by_t(value, error, ratio, np.sqrt(np.maximum(spread, 0.0)) / down[drawn])


def studentised_difference(
    ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats], resamples: Resamples
) -> Interval | None:
    """The bootstrap-t interval of the difference of two ratios over the same users, paired."""
    (a, b), (c, d) = ours, theirs
    if b.sum() <= 0.0 or d.sum() <= 0.0:
        return None
    first, second = float(a.sum() / b.sum()), float(c.sum() / d.sum())
    parts = (a - first * b) / b.sum() - (c - second * d) / d.sum()
    error = float(np.sqrt((parts**2).sum()))
    if error == 0.0:
        return Interval(first - second, first - second, first - second)
    products = (a * a, a * b, b * b, c * c, c * d, d * d, a * c, a * d, b * c, b * d)
    totals = resamples.totals(np.stack((a, b, c, d, *products), axis=1)).T
    ta, tb, tc, td, aa, ab, bb, cc, cd, dd, ac, ad, bc, bd = totals[
        :, (totals[1] > 0.0) & (totals[3] > 0.0)
    ]
    r, s = ta / tb, tc / td
    own = (aa - 2.0 * r * ab + r * r * bb) / (tb * tb)
    other = (cc - 2.0 * s * cd + s * s * dd) / (td * td)
    both = (ac - s * ad - r * bc + r * s * bd) / (tb * td)
    return _by_t(first - second, error, r - s, np.sqrt(np.maximum(own + other - 2.0 * both, 0.0)))


def _by_t(value: float, error: float, resampled: Floats, errors: Floats) -> Interval | None:
    sound = errors > 0.0
    if sound.sum() < 2:
        return None
    t_low, t_high = np.quantile((resampled[sound] - value) / errors[sound], _LEVELS)
    return Interval(value, value - float(t_high) * error, value - float(t_low) * error)
