"""A scene's room features equal naive ones, row by row, and one scene serves everyone alike."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.content import Content, ContentSettings
from features.rooms import COLUMNS, NO_ROOMS, RoomTable
from features.scene import Scene, Scenes, SceneSettings
from features.vector import names
from tests.line import START_MS, Teller

SETTINGS, CONTENT = SceneSettings(), ContentSettings()
START_S = START_MS // 1000


def small_catalogue(seed: int) -> Catalogue:
    dice, say = random.Random(seed), Teller()
    catalogue = Catalogue(CatalogueSettings(attributes=3))
    events: list[Any] = [say.product(f"p{n}", "", dice.choice([0.0, 5.0, 80.0])) for n in range(3)]
    for number in range(dice.randrange(1, 7)):
        attributes: dict[str, Any] = {"words": ["a"], "text": "b"}
        if dice.random() < 0.7:
            attributes["size"] = dice.choice([1, 2.5, 2.5, -3])
        events.append(
            say.room(
                *(f"r{number}", " ".join(dice.sample(["tea", "silk", "jade"], dice.randrange(4)))),
                status=dice.choice(["live", "live", "ended"]),
                start_time_ms=START_MS - dice.randrange(9_000) * 1000,
                products=dice.sample(["p0", "p1", "p2", "p-unknown"], dice.randrange(4)),
                attributes=attributes,
            )
        )
    for number, event in enumerate(events):
        catalogue.apply(Entry(number + 1, 0, event))
    return catalogue


def random_table(seed: int) -> RoomTable:
    draws = np.random.default_rng(seed)
    ids = ["r1", "r0", "elsewhere", "r3"]
    values = draws.integers(0, 60, (4, len(COLUMNS))).astype(float)
    values[:, 5] -= 20.0
    return RoomTable(START_S + int(draws.integers(0, 5_000)), ids, values)


def logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def smoothed(hits: float, trials: float, rate: float, prior: float) -> float:
    """Log odds of a rate with imagined trials at the overall rate, relative to that rate."""
    misses = max(trials - hits, 0.0) + prior * (1.0 - rate)
    return math.log((hits + prior * rate) / misses) - logit(rate)


def naive_rows(catalogue: Catalogue, table: RoomTable) -> dict[str, list[float]]:
    """The room features, one room and one number at a time, from their definitions."""
    rooms = [versions.entries[-1][2] for versions in catalogue.rooms.values()]
    held = zip(table.ids, table.values, strict=True)
    known = {r: dict(zip(COLUMNS, row, strict=True)) for r, row in held}
    stats = {room.room_id: known.get(room.room_id, dict.fromkeys(COLUMNS, 0.0)) for room in rooms}
    for own in stats.values():
        own["clicks"] = min(own["clicks"], own["impressions"])

    def overall(hits: float, trials: float) -> float:
        return (min(hits, trials) + 1.0) / (trials + 10.0)

    def total(column: str) -> float:
        return sum(own[column] for own in stats.values())

    rate = overall(total("clicks"), total("impressions"))
    leave = overall(sum(min(s["leaves"], s["enters"]) for s in stats.values()), total("enters"))
    order = overall(sum(min(s["orders"], s["clicks"]) for s in stats.values()), total("clicks"))
    tag_odds = {}
    for tag in {tag for room in rooms for tag in room.tags}:
        with_tag = [stats[room.room_id] for room in rooms if tag in room.tags]
        sums = [sum(own[column] for own in with_tag) for column in ("clicks", "impressions")]
        tag_odds[tag] = smoothed(*sums, rate, SETTINGS.tag_rate_prior)
    sizes = sorted(r.attributes["size"] for r in rooms if "size" in (r.attributes or {}))
    rows = {}
    for room in rooms:
        own, prior = stats[room.room_id], SETTINGS.rate_prior
        age_s = max(table.stamp_s - room.start_time_ms // 1000, 0)
        size = (room.attributes or {}).get("size")
        below, upto = sum(s < size for s in sizes if size), sum(s <= size for s in sizes if size)
        rows[room.room_id] = [
            smoothed(own["clicks"], own["impressions"], rate, prior),
            own["impressions"] / (own["impressions"] + SETTINGS.impressions_half),
            own["heat"] / (abs(own["heat"]) + SETTINGS.heat_half),
            (own["leaves"] + prior * leave) / (own["enters"] + prior) - leave,
            smoothed(
                *(min(own["orders"], own["clicks"]), own["clicks"], order),
                SETTINGS.order_rate_prior,
            ),
            SETTINGS.freshness_half_s / (SETTINGS.freshness_half_s + age_s),
            sum(tag_odds[tag] for tag in room.tags) / max(1, len(room.tags)),
            0.0 if size is None else (below + upto) / (2 * len(sizes)) - 0.5,
            0.0,
            0.0,
        ]
    return rows


seeds = st.integers(0, 10**6)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_room_features_are_those_of_the_definition(seed: int):
    catalogue, table = small_catalogue(seed), random_table(seed)
    scene = Scene(Content(catalogue, catalogue.seq, CONTENT), table, SETTINGS)
    expected = naive_rows(catalogue, table)
    assert sorted(scene.content.ids) == sorted(expected)
    assert scene.matrix.shape[1] == len(names(3)) - 16
    for number, room_id in enumerate(scene.content.ids):
        np.testing.assert_allclose(scene.matrix[number], expected[room_id], rtol=1e-9, atol=1e-12)
        look = scene.looks[number]
        own = scene.matrix.shape[1]
        assert look[:own].tobytes() == scene.matrix[number].astype("<f4").tobytes()
        assert not look[own:-1].any()
        assert len(look) == len(names(3)) + 1
    assert not scene.looks[-1, :-1].any()


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_a_scene_depends_on_its_inputs_alone(seed: int):
    """Neither the order in which statistics were first told, nor earlier scenes, matter."""
    catalogue, table = small_catalogue(seed), random_table(seed)
    content = Content(catalogue, catalogue.seq, CONTENT)
    Scene(content, random_table(seed + 1), SETTINGS)
    Scene(content, RoomTable(5, table.ids, table.values[:2]), SETTINGS)
    one = Scene(content, table, SETTINGS)
    turned = RoomTable(table.stamp_s, table.ids[::-1], table.values[::-1].copy())
    other = Scene(Content(catalogue, catalogue.seq, CONTENT), turned, SETTINGS)
    assert one.looks.tobytes() == other.looks.tobytes()
    assert (one.matrix == other.matrix).all()


def test_click_rates_are_shares_even_where_clicks_come_without_impressions(say: Teller):
    catalogue = Catalogue(CatalogueSettings())
    catalogue.apply(Entry(1, 0, say.room("r0", "tea")))
    table = RoomTable(START_S, ["r0"], np.array([[0.0, 50.0, 0.0, 9.0, 60.0, -5.0]]))
    scene = Scene(Content(catalogue, 1, CONTENT), table, SETTINGS)
    assert np.isfinite(scene.matrix).all()
    assert scene.looks[:, -1].tolist() == [pytest.approx(0.1)] * 2


def test_content_is_that_of_its_catalogue_position(say: Teller):
    catalogue = Catalogue(CatalogueSettings())
    events = [
        say.product("p1", "", price=math.e**2),
        say.room("ra", "tea silk tea", products=["p1", "p-unknown"]),
        say.room("rb", "", status="scheduled"),
        say(kinds.OnAir, 1, room_id="ra", product_id="p1", point="fresh"),
        say.room("ra", "jade", 5, status="ended"),
    ]
    for number, event in enumerate(events):
        catalogue.apply(Entry(number + 1, 0, event))
    early = Content(catalogue, 3, ContentSettings(tags_max=1))
    assert early.ids == ["ra", "rb"]
    assert early.live.tolist() == [0]
    assert early.room_tags == [["tea"], []]
    assert early.log_price[0] == pytest.approx(2.0)
    assert math.isnan(early.log_price[1])
    late = Content(catalogue, 5, ContentSettings())
    assert late.live.tolist() == []
    assert late.room_tags == [["jade"], []]
    assert [catalogue.content_seq(seq) for seq in range(6)] == [0, 1, 2, 3, 3, 5]
    assert Content(catalogue, 0, ContentSettings()).ids == []


def test_scenes_wait_for_tables_and_for_the_catalogue(say: Teller):
    catalogue = Catalogue(CatalogueSettings())
    scenes = Scenes(catalogue, 12, SETTINGS, CONTENT)
    assert not scenes.is_ready(START_S, 0)
    scenes.tables.advance(START_S - 12)
    assert scenes.is_ready(START_S, 0)
    assert not scenes.is_ready(START_S + 1, 0)
    assert not scenes.is_ready(START_S, 1)
    catalogue.apply(Entry(1, 0, say.room("r1")))
    assert scenes.is_ready(START_S, 1)
    scenes.waits = False
    assert scenes.is_ready(START_S + 99, 1)


def test_scenes_are_shared_bounded_and_remade_alike(say: Teller):
    catalogue = Catalogue(CatalogueSettings())
    catalogue.apply(Entry(1, 0, say.room("r1")))
    later_ms = 1000 * START_S + 1
    catalogue.apply(Entry(2, later_ms, say(kinds.OnAir, 0, room_id="r1", product_id=None)))
    scenes = Scenes(catalogue, 12, SceneSettings(scenes_max=2), CONTENT)
    first = scenes.at(START_S, 1)
    assert scenes.at(START_S + 1, 1) is first
    assert scenes.at(START_S, 2) is first, "what comes on air counts from the next second on"
    assert scenes.at(START_S + 1, 2).looks.tobytes() == first.looks.tobytes()
    for second in range(4):
        scenes.tables.publish(START_S + second, RoomTable(START_S + second, [], NO_ROOMS.values))
        assert scenes.at(START_S + second + 12, 1).stamp_s == START_S + second
    assert scenes.at(START_S, 1) is not first
    assert scenes.at(START_S, 1).looks.tobytes() == first.looks.tobytes()
