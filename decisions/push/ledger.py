"""What a user has been sent, and whether one more still fits under the rolling caps."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import attrgetter

import msgspec


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One push that was let through: when it may arrive, and what it was about."""

    delivery_ms: int
    trigger: str
    subject: int
    occasion_ms: int


_DELIVERY = attrgetter("delivery_ms")


def fits(times: Sequence[int], at_ms: int, most: int, window_ms: int) -> bool:
    """Whether `at_ms` can join sorted times so that no half-open window holds over `most`.

    A window is any [s, s + window_ms), before or after `at_ms`: a push put off to the end
    of quiet hours lies ahead of pushes that are decided later. Order: times sorted. Time:
    O(log n + most). Only windows with `at_ms` in them are looked at.
    """
    if most <= 0:
        return False
    place = bisect_left(times, at_ms)
    merged = [*times[max(0, place - most) : place], at_ms, *times[place : place + most]]
    return all(merged[i + most] - merged[i] >= window_ms for i in range(max(0, len(merged) - most)))


def prune(ledger: list[Sent], before_ms: int) -> None:
    """Forget what arrived before an instant."""
    if ledger and ledger[0].delivery_ms < before_ms:
        del ledger[: bisect_left(ledger, before_ms, key=_DELIVERY)]


def enter(ledger: list[Sent], sent: Sent) -> None:
    """Write a push down, in order of delivery."""
    insort(ledger, sent, key=_DELIVERY)


def is_repeat(ledger: Sequence[Sent], subject: int, occasion_ms: int, within_ms: int) -> bool:
    """Whether the same subject was sent for an occasion less than `within_ms` away."""
    return any(
        sent.subject == subject and abs(sent.occasion_ms - occasion_ms) < within_ms
        for sent in ledger
    )
