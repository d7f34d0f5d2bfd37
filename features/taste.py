"""Taste in numbers: which attributes the rooms that a user chose have more of than those shown.

Attributes lie within half a unit of 0 (`features.content`). Two sums a slot are kept: over what
the user signalled, by its strength, and over what was shown, by each room's click rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from features.user import User


def add(sums: list[float], values: Sequence[float], factor: float) -> list[float]:
    """The sums with so many times the values; a slot that one of them lacks counts as 0."""
    if len(sums) < len(values):
        sums = [*sums, *([0.0] * (len(values) - len(sums)))]
    for slot, value in enumerate(values):
        sums[slot] += factor * value
    return sums


def add_all(
    sums: list[float], rows: Sequence[Sequence[float]], factors: Sequence[float]
) -> list[float]:
    """`add` of several rows of values of one length, in order, each with its factor."""
    width = len(rows[0]) if rows else 0
    made = [*sums, *([0.0] * (width - len(sums)))]
    for slot in range(width):
        total = made[slot]
        for values, factor in zip(rows, factors, strict=True):
            total += factor * values[slot]
        made[slot] = total
    return made


def taste_of(user: User, appetite: float, prior: float) -> list[float]:
    """For each slot the mean attribute of what was chosen over that of what was expected.

    (C - aE) / (max(S, aX) + prior): C and E are the two sums, S the strength of all signals, X
    the click rates of all that was shown, a the appetite (`features.vector.lift`). Within -1..1.
    """
    chosen, expected = user.attributes_chosen, user.attributes_expected
    if not chosen and not expected:
        return []
    size = max(user.strength, appetite * user.expected) + prior
    width = max(len(chosen), len(expected))
    chosen = chosen + [0.0] * (width - len(chosen))
    expected = expected + [0.0] * (width - len(expected))
    return [(c - appetite * e) / size for c, e in zip(chosen, expected, strict=True)]
