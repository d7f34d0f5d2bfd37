"""What the rooms look like at a second: the catalogue joined with the stamped room statistics.

A scene is made once for each pair of table stamp and catalogue content, shared by all shards of
a process and by OBSERVE and DECIDE, so training and serving read the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from events.setting import setting
from features.bounded import make_room
from features.catalogue import Catalogue
from features.content import NO_TAG, Content, ContentSettings
from features.content_later import content_later
from features.near import Near
from features.neighbour_table import NO_NEIGHBOURS, NeighbourTable
from features.on_air import OnAir, on_air
from features.rates import overall, smoothed
from features.recent import RecentSettings
from features.rooms import COLUMNS, NO_ROOMS, RoomTable
from features.segment_lift import SegmentLifts
from features.segment_rows import SegmentSettings
from features.segment_table import NO_SEGMENTS, SegmentTable
from features.tables import Stamped
from features.vector import ROOM_NAMES, SEGMENT_NAMES, USER_NAMES

_ASKED_MAX = 1024
SceneKey = tuple[int, int, int, int, int]
"""Stamp of the rooms' table and of the neighbours', content, what is on air, segments' stamp."""


@dataclass(frozen=True)
class SceneSettings:
    """Smoothing of the room features."""

    rate_prior: float = setting(
        10.0, "impressions", "A new room starts at the overall rate, as if shown this often."
    )
    order_rate_prior: float = setting(
        100.0,
        "clicks",
        "The same for orders, of which there is one in fifty: fewer clicks say more of chance.",
    )
    tag_rate_prior: float = setting(20.0, "impressions", "The same for a tag.")
    impressions_half: float = setting(
        50.0, "impressions", "How soon a room counts as known.", least=0.001
    )
    heat_half: float = setting(
        20.0, "units", "The heat at which a room is half as hot as can be.", least=0.001
    )
    freshness_half_s: float = setting(
        1800.0, "s", "A broadcast is half as fresh after this time.", least=1
    )
    scenes_max: int = setting(
        64, "scenes", "Shards run a few seconds apart; more are remade on demand.", least=1
    )


class Scene:
    """`matrix` is [rooms, room features] in float64.

    `looks` is what an impression of each room has for a vector, [rooms + 1, vector + 1] in
    float32: 0 where the user and the position say it, and the room's smoothed click rate behind
    it. The last row is that of a room that nobody knows. `near` is there where neighbours are on,
    `segments` where users are sorted, `air` once the catalogue has told of any product on air.
    `unsure` is the standard deviation of what is known of each room's click rate, in logits,
    [rooms].
    """

    __slots__ = ("air", "content", "looks", "matrix", "near", "segments", "stamp_s", "unsure")

    def __init__(
        self,
        content: Content,
        table: RoomTable,
        settings: SceneSettings,
        near: Near | None = None,
        air: OnAir | None = None,
        segments: SegmentLifts | None = None,
    ) -> None:
        self.content = content
        self.near = near
        self.air = air
        self.segments = segments
        self.stamp_s = table.stamp_s
        stats = _aligned(content, table)
        self.matrix = _matrix(content, stats, table.stamp_s, settings)
        rooms, features = self.matrix.shape
        users = len(USER_NAMES) + (len(near.names) if near is not None else 0)
        users += len(SEGMENT_NAMES) if segments is not None else 0
        self.looks = np.zeros((rooms + 1, features + users + 2), np.float32)
        self.looks[:rooms, :features] = self.matrix
        rates, self.looks[rooms, -1] = _click_rates(stats, settings)
        self.looks[:rooms, -1] = rates
        # That of a beta distribution's logit, the prior's impressions included.
        seen: NDArray[np.float64] = stats[0] + settings.rate_prior
        self.unsure: NDArray[np.float64] = 1.0 / np.sqrt(seen * rates * (1.0 - rates))

    @property
    def key(self) -> SceneKey:
        """What it is made of: no two scenes of a process that differ have the same."""
        near_s = -1 if self.near is None else self.near.stamp_s
        air_seq = -1 if self.air is None else self.air.seq
        segments_s = -1 if self.segments is None else self.segments.stamp_s
        return self.stamp_s, near_s, self.content.seq, air_seq, segments_s


def _log_odds(
    successes: NDArray[np.float64], trials: NDArray[np.float64], rate: float, prior: float
) -> NDArray[np.float64]:
    """Smoothed log odds of a rate, relative to the overall rate's."""
    hits = successes + prior * rate
    misses = np.maximum(trials - successes, 0.0) + prior * (1.0 - rate)
    odds: NDArray[np.float64] = np.log(hits / misses) - np.log(rate / (1.0 - rate))
    return odds


def _aligned(content: Content, table: RoomTable) -> NDArray[np.float64]:
    """The table's statistics, [columns, rooms of the content]: each column's stand together."""
    own, theirs = content.places.among(content.ids, content.number, table.ids, len(table.values))
    # Whole rows are looked up, which costs least; rooms without any have the last one, of zeros.
    rows = np.append(table.values.take(theirs, 0), np.zeros((1, len(COLUMNS))), 0)
    row = np.full(len(content.ids), len(own))
    row[own] = np.arange(len(own))
    stats: NDArray[np.float64] = np.ascontiguousarray(rows.take(row, 0).T)
    # Clicks of rooms that were never shown (deep links) are no evidence about showing them.
    np.minimum(stats[1], stats[0], out=stats[1])
    return stats


def _click_rates(
    stats: NDArray[np.float64], settings: SceneSettings
) -> tuple[NDArray[np.float64], float]:
    """The rooms' smoothed click rates, and that of a room that nobody knows."""
    impressions, clicks = stats[:2]
    rate, prior = overall(float(clicks.sum()), float(impressions.sum())), settings.rate_prior
    return smoothed(clicks, impressions, rate, prior), rate


def _matrix(
    content: Content, stats: NDArray[np.float64], stamp_s: int, settings: SceneSettings
) -> NDArray[np.float64]:
    count = len(content.ids)
    impressions, clicks, enters, leaves, orders, heat = stats
    rate = overall(float(clicks.sum()), float(impressions.sum()))
    leave = overall(float(np.minimum(leaves, enters).sum()), float(enters.sum()))
    order = overall(float(np.minimum(orders, clicks).sum()), float(clicks.sum()))
    prior = settings.rate_prior
    matrix = np.zeros((count, len(ROOM_NAMES) + content.attributes.shape[1]))
    matrix[:, 0] = _log_odds(clicks, impressions, rate, prior)
    matrix[:, 1] = impressions / (impressions + settings.impressions_half)
    matrix[:, 2] = heat / (np.abs(heat) + settings.heat_half)
    matrix[:, 3] = (leaves + prior * leave) / (enters + prior) - leave
    matrix[:, 4] = _log_odds(np.minimum(orders, clicks), clicks, order, settings.order_rate_prior)
    age_s = np.maximum(stamp_s - content.start_s, 0.0)
    matrix[:, 5] = settings.freshness_half_s / (settings.freshness_half_s + age_s)
    tags = len(content.tag_number) + 1
    shown, hit = np.zeros(tags), np.zeros(tags)
    for places_of_tag in content.tags:
        shown += np.bincount(places_of_tag, impressions, tags)
        hit += np.bincount(places_of_tag, clicks, tags)
    odds = _log_odds(hit, shown, rate, settings.tag_rate_prior)
    odds[NO_TAG] = 0.0
    by_tag = sum((odds.take(row) for row in content.tags), np.zeros(count))
    matrix[:, 6] = by_tag * content.tag_share
    for column, values in enumerate(content.attributes.T, len(ROOM_NAMES)):
        matrix[:, column] = values
    return matrix


class Scenes:
    """The scenes of one process, made on demand from its catalogue and its room tables."""

    def __init__(
        self,
        catalogue: Catalogue,
        delay_s: int,
        settings: SceneSettings,
        content_settings: ContentSettings,
        recent: RecentSettings | None = None,
        segments: SegmentSettings | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.tables: Stamped[RoomTable] = Stamped(delay_s, NO_ROOMS)
        self.neighbours: Stamped[NeighbourTable] = Stamped(delay_s, NO_NEIGHBOURS)
        self.recent = recent
        """None where neighbours are off."""
        self.segments: Stamped[SegmentTable] = Stamped(delay_s, NO_SEGMENTS)
        self.segmented = segments
        """None where users are not sorted."""
        self.waits = True
        self.settings = settings
        self.content_settings = content_settings
        self._contents: dict[int, Content] = {}
        self._nears: dict[tuple[int, int], Near] = {}
        self._lifts: dict[tuple[int, int], SegmentLifts] = {}
        self._airs: dict[tuple[int, int], OnAir] = {}
        self._scenes: dict[SceneKey, Scene] = {}
        self._asked: dict[tuple[int, int], Scene] = {}

    def is_ready(self, second: int, seq: int) -> bool:
        """Whether the scene of this second and catalogue position is certain."""
        if self.catalogue.seq < seq:
            return False
        return not self.waits or (
            self.tables.is_ready(second)
            and (self.recent is None or self.neighbours.is_ready(second))
            and (self.segmented is None or self.segments.is_ready(second))
        )

    def content(self, seq: int) -> Content:
        """The rooms as arrays, as of the catalogue's event `seq`."""
        seq = self.catalogue.content_seq(seq)
        content = self._contents.get(seq)
        if content is None:
            content = self._later(seq) or Content(self.catalogue, seq, self.content_settings)
            make_room(self._contents, self.settings.scenes_max)
            self._contents[seq] = content
        return content

    def _later(self, seq: int) -> Content | None:
        """The content made of the newest one before it, where that may be."""
        before = max((known for known in self._contents if known < seq), default=None)
        return (
            None if before is None else content_later(self._contents[before], self.catalogue, seq)
        )

    def at(self, second: int, seq: int) -> Scene:
        """The scene for a row at this second that came after `seq` catalogue events."""
        asked = (second, seq)
        scene = self._asked.get(asked)
        if scene is None:
            stamp_s, table = self.tables.at(second)
            near = None if self.recent is None else self._near(second, seq, self.recent)
            near_s = -1 if near is None else near.stamp_s
            air = self._air(second, seq)
            air_seq = -1 if air is None else air.seq
            lifts = self._segments(second, seq)
            segments_s = -1 if lifts is None else lifts.stamp_s
            key = (stamp_s, near_s, self.catalogue.content_seq(seq), air_seq, segments_s)
            scene = self._scenes.get(key)
            if scene is None:
                scene = Scene(self.content(seq), table, self.settings, near, air, lifts)
                if len(self._scenes) >= self.settings.scenes_max:
                    self._asked.clear()
                make_room(self._scenes, self.settings.scenes_max)
                self._scenes[key] = scene
            if self.waits:
                # What was certain stays so; a live table may still be followed by a newer one.
                if len(self._asked) >= _ASKED_MAX:
                    self._asked.clear()
                self._asked[asked] = scene
        return scene

    def _air(self, second: int, seq: int) -> OnAir | None:
        """What was on air when the second of a row began, over the content of its place."""
        as_of = self.catalogue.seq_at(second * 1000, seq)
        if as_of < self.catalogue.first_on_air:
            return None
        content = self.content(seq)
        air = self._airs.get((as_of, content.seq))
        if air is None:
            before = max((known for known in self._airs if known[0] <= as_of), default=None)
            base = None if before is None else self._airs[before]
            air = on_air(base, content, self.catalogue, as_of)
            make_room(self._airs, self.settings.scenes_max)
            self._airs[as_of, content.seq] = air
        return air

    def _near(self, second: int, seq: int, recent: RecentSettings) -> Near:
        """The neighbours that a row at this second uses, over the content of its place."""
        stamp_s, table = self.neighbours.at(second)
        content = self.content(seq)
        near = self._nears.get((stamp_s, content.seq))
        if near is None:
            near = Near(content, table, recent)
            make_room(self._nears, self.settings.scenes_max)
            self._nears[stamp_s, content.seq] = near
        return near

    def _segments(self, second: int, seq: int) -> SegmentLifts | None:
        """What segments of users like that a row at this second uses; None where there are none."""
        if self.segmented is None:
            return None
        stamp_s, table = self.segments.at(second)
        content = self.content(seq)
        lifts = self._lifts.get((stamp_s, content.seq))
        if lifts is None:
            lifts = SegmentLifts(content, table, self.segmented.prior)
            make_room(self._lifts, self.settings.scenes_max)
            self._lifts[stamp_s, content.seq] = lifts
        return lifts
