"""A product on air lifts its room for those who like its tags, and is told as the reason."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import orjson

from decisions.live_air import LiveAir
from decisions.settings import SlateSettings
from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.content import Content, ContentSettings
from features.on_air import OnAir, on_air
from features.vector import View
from flows.settings import Settings
from tests.line import START_MS, Line, Teller

PLAIN = dataclasses.replace(Settings(), slate=SlateSettings(explore_share=0.0, newcomer_boost=0.0))


def slates(line: Line) -> list[dict[str, Any]]:
    """All slates of a line, in order."""
    return [orjson.loads(made.value) for made in line.made.decisions if made.type == "slate"]


def places(slate: dict[str, Any]) -> dict[str, int]:
    """Of each room of a slate."""
    return {item["room_id"]: place for place, item in enumerate(slate["items"])}


def told(line: Line, say: Teller) -> None:
    """Thirty rooms with tags of their own, and a user who likes silk."""
    line.feed([say.product("scarf", "silk"), say.product("pot", "iron")])
    line.feed(say.room(f"r{number:02}", f"t{number}") for number in range(30))
    line.feed([say.room("other", "silk", status="ended")])
    line.feed([say(kinds.Share, 20.0, "u", room_id="other")])


def test_a_product_on_air_lifts_its_room_and_is_the_reason(say: Teller):
    line = Line(PLAIN)
    told(line, say)
    before = places(slates(line)[-1])
    assert before.get("r29", 99) > 10
    line.feed([say(kinds.OnAir, 30.0, room_id="r29", product_id="scarf")])
    line.feed([say(kinds.OnAir, 30.0, room_id="r28", product_id="pot")])
    line.feed([say(kinds.Mute, 32.0, "u", tag="nothing")])
    slate = slates(line)[-1]
    assert places(slate)["r29"] == 0
    assert places(slate).get("r28", 99) > 10
    item = slate["items"][0]
    assert [slate["reasons"][place] for place in item["reasons"]] == [["on_air", "silk"]]
    line.feed([say(kinds.OnAir, 40.0, room_id="r29", product_id=None)])
    line.feed([say(kinds.Mute, 42.0, "u", tag="nothing")])
    assert places(slates(line)[-1]).get("r29", 99) > 10


def test_it_is_learnt_from_as_it_was_when_the_room_was_shown(say: Teller):
    line = Line(PLAIN)
    told(line, say)
    line.feed([say(kinds.OnAir, 30.0, room_id="r05", product_id="scarf")])
    shown = say.shown(32.0, "u", "q", "r04 r05")
    line.feed(shown)
    line.feed([say(kinds.OnAir, 33.0, room_id="r05", product_id="pot")])
    line.feed([say(kinds.Click, 34.0, "u", room_id="r05", request_id="q")])
    line.feed([], done=True)
    which = line.runtime.feature_names.index("air_match")
    found = {
        example.room_id: memoryview(example.x).cast("d")[which] for example in line.made.examples
    }
    assert found["r04"] == 0.0
    assert found["r05"] > 0.0


def test_what_nobody_presents_any_more_changes_no_bit_of_a_score(say: Teller):
    """Else a process that has gone on would differ from one that has just been started."""
    old = [f"old{number}" for number in range(20)]
    new = ["c", "a", "b"]
    catalogue = Catalogue(CatalogueSettings())
    content = None
    for seq, event in enumerate(
        [
            say.room("r0", ""),
            say.product("p", " ".join(old)),
            say(kinds.OnAir, 1.0, room_id="r0", product_id="p"),
            say.product("p", " ".join(new)),
        ],
        1,
    ):
        catalogue.apply(Entry(seq, START_MS + seq, event))
        if content is None:
            content = Content(catalogue, seq, ContentSettings(tags_max=20))
    assert content is not None
    anew = OnAir(content, catalogue, 4)
    gone_on = on_air(OnAir(content, catalogue, 3), content, catalogue, 4)
    assert len(gone_on.tag_number) > len(anew.tag_number)
    units = {tag: 10 + place for place, tag in enumerate(["a", "b", "c", *old])}
    weights = {tag: (n, n, n, n) for tag, n in units.items()}
    view = View(weights, {}, 1.0, {}, {}, None, 0.0, 0.0, most=40)
    scores = []
    for air in (anew, gone_on):
        score = np.full((100, 1), 0.1)
        for number, row in enumerate(score):
            LiveAir(air, content.live).add(row, view, 0.01 * number, 3.0)
        scores.append(score.tobytes())
    assert scores[0] == scores[1]
