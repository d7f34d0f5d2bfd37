"""Chance that is the same on every machine: all is derived from one seeded uniform stream."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

from events.hashing import hash64

T = TypeVar("T")


class Dice:
    """One named stream of chance; streams of one seed do not disturb each other.

    Python promises that `random.Random(seed).random` keeps its sequence between versions, and
    promises it of no other method, so the rest is derived here.
    """

    __slots__ = ("random",)

    def __init__(self, seed: int, stream: str) -> None:
        self.random = random.Random(hash64(f"{seed}/{stream}")).random

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.random() < probability

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely; an empty sequence raises IndexError."""
        return items[int(self.random() * len(items))]

    def pick_by(self, cumulative: Sequence[float]) -> int:
        """An index, as likely as its step in the rising sequence of cumulative weights."""
        at = bisect_right(cumulative, self.random() * cumulative[-1])
        return min(at, len(cumulative) - 1)

    def distinct(self, items: Sequence[T], count: int) -> list[T]:
        """Up to `count` items, none twice, in random order."""
        pool = list(items)
        count = min(count, len(pool))
        for i in range(count):
            j = i + int(self.random() * (len(pool) - i))
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:count]

    def whole(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + int(self.random() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + self.random() * (high - low)

    def exponential(self, mean: float) -> float:
        """A waiting time with the given mean."""
        return -math.log(1.0 - self.random()) * mean

    def normal(self) -> float:
        """A standard normal number (Box and Muller, 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.random()))
        return radius * math.cos(2.0 * math.pi * self.random())

    def geometric(self, mean: float) -> int:
        """A whole number from 1 up with the given mean (1 where the mean is 1 or less)."""
        if mean <= 1.0:
            return 1
        return 1 + int(math.log(1.0 - self.random()) / math.log(1.0 - 1.0 / mean))
