"""Rates of few trials, smoothed towards what all trials together say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def overall(successes: float, trials: float) -> float:
    """The overall rate, kept off 0 and 1 by one success in ten imagined trials."""
    return (min(successes, trials) + 1.0) / (trials + 10.0)


def smoothed(
    successes: NDArray[np.float64], trials: NDArray[np.float64], rate: float, prior: float
) -> NDArray[np.float64]:
    """Each rate, as if there had been `prior` trials more at the overall rate."""
    rates: NDArray[np.float64] = (successes + prior * rate) / (trials + prior)
    return rates
