"""What delivery has done so far, in numbers that its health shows."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

_BUCKETS: Final = 26


class Histogram:
    """Counts of durations in buckets that double, from 1 µs to half a minute and beyond."""

    def __init__(self) -> None:
        self.counts = [0] * _BUCKETS
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[min(int(seconds * 1e6).bit_length(), _BUCKETS - 1)] += 1
        self.total_s += seconds

    def quantile_us(self, share: float) -> int:
        """The upper end, in µs, of the bucket that holds this quantile; 0 where nothing is."""
        left = share * sum(self.counts)
        for bucket, count in enumerate(self.counts):
            left -= count
            if count and left <= 0:
                return 1 << bucket
        return 0


@dataclass
class Counters:
    """Numbers of one process; all its writers share them."""

    writes: int = 0
    """values that Redis took"""
    coalesced: int = 0
    """values left out because the same batch held a newer one"""
    refused: int = 0
    """values older than what Redis holds"""
    repeated: int = 0
    """values that Redis held already"""
    raised: int = 0
    """values written over a larger version, as stored + 1, after a restart"""
    pushes: int = 0
    pushes_repeated: int = 0
    """pushes that had left before"""
    retries: int = 0
    lost: int = 0
    """times that Redis turned out to have lost what it had acknowledged"""
    put_back: int = 0
    """values and pushes sent again to a Redis that had lost some of them"""
    away: str = ""
    """why Redis cannot be written just now; empty while it can"""
    reply_us: Histogram = field(default_factory=Histogram)
    """from sending a call to reading its reply: an upper bound, as replies are read later"""

    def as_dict(self) -> dict[str, Any]:
        """The counters for a health value: the histogram as its median and 99th percentile."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "reply_us"}
        plain["reply_us_p50"] = self.reply_us.quantile_us(0.5)
        plain["reply_us_p99"] = self.reply_us.quantile_us(0.99)
        return plain
