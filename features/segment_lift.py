"""What a segment of users clicks more than others do: rooms, hosts and tags, for those unknown.

For a room r and a segment s with I impressions and C clicks there, E = I * (the room's own click
rate) clicks were to be expected, and with all that the segment clicks beside all that it was
expected to, a, the lift is

    log((C + prior) / (a E + prior)),

0 where nothing is known (a gamma prior on the ratio; DuMouchel, The American Statistician 53(3),
1999). For hosts and tags C and E are sums over their rooms, and a room takes the mean over its
tags. A user of several segments has the sum of theirs, as of independent evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.content import NO_TAG, Content
from features.rates import overall, smoothed
from features.segment_table import CLICKS, IMPRESSIONS, SegmentTable
from features.vector import SEGMENT_NAMES

_RATE_PRIOR = 10.0
"""Impressions at the overall rate that a room's own click rate begins with."""

Vector = NDArray[np.float64]


class SegmentLifts:
    """A table over the rooms of a content. Judge: `naive` in tests/features/test_segment_lift.py.

    Time: O(segments * (rooms + tags)), once a table and content; a call is a look-up a segment.
    """

    def __init__(self, content: Content, table: SegmentTable, prior: float) -> None:
        self.stamp_s = table.stamp_s
        self._number = {name: number for number, name in enumerate(table.names)}
        rooms, tags = len(content.ids), len(content.tag_number) + 1
        counts = np.zeros((len(table.names), rooms, 2))
        known = [place for place, room in enumerate(table.ids) if room in content.number]
        where = [content.number[table.ids[place]] for place in known]
        counts[:, where] = table.values[:, known]
        shown = counts[:, :, IMPRESSIONS]
        # Clicks of rooms that were never shown (deep links) are no evidence about showing them.
        clicks = np.minimum(counts[:, :, CLICKS], shown)
        rate = overall(float(clicks[0].sum()), float(shown[0].sum()))
        expected = shown * smoothed(clicks[0], shown[0], rate, _RATE_PRIOR)
        ready = (clicks.sum(1) + prior) / (expected.sum(1) + prior)
        expected *= ready[:, None]
        self._lifts = np.zeros((len(SEGMENT_NAMES), len(table.names), rooms + 1))
        """By feature, segment and room; behind the last room 0, for one that nobody knows."""
        for row in range(1, len(table.names)):
            hit, due, lifts = clicks[row], expected[row], self._lifts[:, row, :rooms]
            lifts[0] = np.log((hit + prior) / (due + prior))
            by_host = [np.bincount(content.host, part, len(content.host_number) + 1)
                       for part in (hit, due)]  # fmt: skip
            lifts[1] = np.log((by_host[0] + prior) / (by_host[1] + prior))[content.host]
            by_tag = np.zeros((2, tags))
            for numbers in content.tags:
                by_tag += [np.bincount(numbers, part, tags) for part in (hit, due)]
            of_tag = np.log((by_tag[0] + prior) / (by_tag[1] + prior))
            of_tag[NO_TAG] = 0.0
            for numbers in content.tags:
                lifts[2] += of_tag[numbers]
            lifts[2] *= content.tag_share

    def known(self, segments: Sequence[str]) -> list[int]:
        """The numbers of those segments that the table has."""
        numbers = (self._number.get(name, 0) for name in segments)
        return [number for number in numbers if number]

    def of(self, number: int) -> Vector:
        """The features of a segment for every room by number, [features, rooms + 1]."""
        lifts: Vector = self._lifts[:, number]
        return lifts

    def __call__(self, segments: Sequence[str]) -> Vector | None:
        """The features of a user of these segments, [features, rooms + 1]; None for none known."""
        total: Vector | None = None
        for number in self.known(segments):
            total = self.of(number).copy() if total is None else total + self.of(number)
        return total
