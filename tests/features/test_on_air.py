"""What is on air, made of an earlier second's, equals what is looked up anew."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from features.catalogue import ANY_TIME, Catalogue, CatalogueSettings, Entry
from features.content import NO_TAG, Content, ContentSettings
from features.on_air import FEW, OnAir, on_air
from features.scene import Scenes, SceneSettings
from tests.line import START_MS, Teller

CONTENT = ContentSettings(tags_max=3)
ROOMS = [f"r{number}" for number in range(9)]
PRODUCTS = ["p0", "p1", "p2"]
TAGS = ["tea", "silk", "jade", "ink", "oak", "fan"]


def random_event(dice: random.Random, say: Teller) -> Any:
    at_s, kind = dice.randrange(60), dice.random()
    if kind < 0.5:
        product_id = dice.choice([*PRODUCTS, "p-unknown", None])
        return say(kinds.OnAir, at_s, room_id=dice.choice(ROOMS), product_id=product_id)
    if kind < 0.7:
        tags = " ".join(dice.sample(TAGS, dice.randrange(5)))
        return say.product(dice.choice(PRODUCTS), tags, at_s=at_s)
    status = dice.choice(["live", "scheduled", "ended"])
    tags = " ".join(dice.sample(TAGS, dice.randrange(4)))
    return say.room(dice.choice(ROOMS), tags, at_s, status=status)


def told_catalogue(seed: int, events: int) -> Catalogue:
    dice, say = random.Random(seed), Teller()
    catalogue = Catalogue(CatalogueSettings(ended_rooms_max=3, versions_max=3))
    for seq in range(1, events + 1):
        catalogue.apply(Entry(seq, START_MS + seq * 400, random_event(dice, say)))
    return catalogue


def told(air: OnAir) -> dict[str, Any]:
    """All that it says, but for its numbers of tags."""
    names = {number: tag for tag, number in air.tag_number.items()}
    assert len(names) == len(air.tag_number)
    assert NO_TAG not in names
    return {
        "seq": air.seq,
        "content": air.content.seq,
        "products": air.products,
        "rooms_with": air.rooms_with,
        "room_tags": air.room_tags,
        "presented": air.presented,
        "tags": [[names[n] for n in column if n != NO_TAG] for column in air.tags.T.tolist()],
        "share": air.share.tolist(),
    }


def naive_tags(catalogue: Catalogue, room_id: str, seq: int) -> list[str]:
    shown = catalogue.shown(room_id, ANY_TIME, seq)
    product_id = None if shown is None else shown.product_id
    product = None if product_id is None else catalogue.product(product_id, ANY_TIME, seq)
    told = product or catalogue.room(room_id, ANY_TIME, seq)
    return [] if told is None else told.tags[: CONTENT.tags_max]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), steps=st.lists(st.integers(1, 12), min_size=2, max_size=6))
def test_made_of_an_earlier_one_it_is_as_if_looked_up_anew(seed: int, steps: list[int]):
    catalogue = told_catalogue(seed, sum(steps))
    seq, air = 0, None
    for step in steps:
        seq += step
        # The rooms are those of a row, which may have come after some more events.
        content = Content(catalogue, min(seq + seed % 3, catalogue.seq), CONTENT)
        air = on_air(air, content, catalogue, seq)
        assert told(air) == told(OnAir(content, catalogue, seq))
        expected = [naive_tags(catalogue, room_id, seq) for room_id in content.ids]
        assert air.room_tags == expected
        assert air.rooms_with == Counter(filter(None, air.products))


def test_an_earlier_one_stays_as_it_was_and_rooms_that_are_the_same_are_shared():
    catalogue = told_catalogue(3, 80)
    content = Content(catalogue, 40, CONTENT)
    first = on_air(None, content, catalogue, 40)
    before = told(first)
    second = on_air(first, content, catalogue, 60)
    assert told(first) == before != told(second)
    assert second.changes > 0


def test_where_much_has_changed_or_is_forgotten_it_is_looked_up_anew():
    catalogue = told_catalogue(4, 3 * FEW)
    content = Content(catalogue, catalogue.seq, CONTENT)
    first = on_air(None, content, catalogue, 10)
    assert on_air(first, content, catalogue, catalogue.seq).changes > 0 or len(ROOMS) < FEW
    catalogue.forget_before(START_MS + 20_000)
    later = on_air(first, content, catalogue, catalogue.seq)
    assert later.changes == 0
    assert told(later) == told(OnAir(content, catalogue, catalogue.seq))


def test_scenes_read_it_as_of_the_beginning_of_a_second():
    say, catalogue = Teller(), Catalogue(CatalogueSettings())
    scenes = Scenes(catalogue, 0, SceneSettings(), CONTENT)
    catalogue.apply(Entry(1, START_MS, say.room("r1", "tea")))
    second = START_MS // 1000
    assert scenes.at(second, 1).air is None
    catalogue.apply(Entry(2, START_MS, say.product("p1", "silk")))
    catalogue.apply(Entry(3, START_MS + 400, say(kinds.OnAir, 0.4, room_id="r1", product_id="p1")))
    assert scenes.at(second, 3).air is None
    later = scenes.at(second + 1, 3).air
    assert later.room_tags == later.presented == [["silk"]]
    # A row that came before the event in the log does not know of it, whatever its clock.
    assert scenes.at(second + 1, 2).air is None
    catalogue.apply(Entry(4, START_MS + 2000, say(kinds.OnAir, 2, room_id="r1", product_id=None)))
    after = scenes.at(second + 3, 4).air
    assert (after.room_tags, after.presented) == ([["tea"]], [[]])
