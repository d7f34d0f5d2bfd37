"""Segments: kinds of viewers, which do each thing more or less."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """A kind of viewer: its share of the crowd, and how much more or less it does each thing."""

    name: str
    share: float
    comment: float
    like: float
    gift: float
    shop: float
    coupon: float


SEGMENTS: tuple[Segment, ...] = (
    Segment("silent", 0.55, 0.05, 0.3, 0.05, 0.6, 0.5),
    Segment("commenter", 0.2, 3.5, 2.5, 1.0, 0.8, 0.5),
    Segment("price_sensitive", 0.15, 0.8, 0.8, 0.1, 1.6, 4.0),
    Segment("high_value", 0.1, 1.0, 1.5, 7.0, 2.2, 0.4),
)
