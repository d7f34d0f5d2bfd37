"""Decayed rates by key, drawn towards what is known without the key."""

from __future__ import annotations

import math
from collections.abc import Hashable


class Rate:
    """Hits and trials by key, fading by a half-life in seconds, or never."""

    def __init__(self, half_life_s: float | None = None) -> None:
        self._half_life_s = half_life_s
        self._held: dict[Hashable, tuple[float, float, float]] = {}

    def counts(self, key: Hashable, now_s: float) -> tuple[float, float]:
        """Hits and trials as of now."""
        hits, trials, at_s = self._held.get(key, (0.0, 0.0, now_s))
        fade = 0.5 ** ((now_s - at_s) / self._half_life_s) if self._half_life_s else 1.0
        return hits * fade, trials * fade

    def value(self, key: Hashable, now_s: float, towards: float, prior: float) -> float:
        """The rate, as if `prior` trials at the rate `towards` had been seen before."""
        hits, trials = self.counts(key, now_s)
        return (hits + prior * towards) / (trials + prior)

    def add(self, key: Hashable, now_s: float, hit: float) -> None:
        """One trial."""
        hits, trials = self.counts(key, now_s)
        self._held[key] = (hits + hit, trials + 1.0, now_s)


def logit(rate: float) -> float:
    """Log odds, kept off the ends."""
    rate = min(max(rate, 0.003), 0.997)
    return math.log(rate / (1.0 - rate))
