"""A new host's room is placed by what its host's record says, for users who chose such hosts."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from decisions.settings import SlateSettings
from decisions.slate import Ranker
from events import kinds
from features.catalogue import CatalogueSettings
from features.vector import VectorSettings
from flows.settings import Settings
from models.scorer import RankWeights
from models.table import WeightsTable
from tests.line import Line, Teller

ON = Settings(catalogue=CatalogueSettings(host_attributes=True))


def evening(say: Teller, settings: Settings) -> Line:
    """A user is shown rooms of calm and loud hosts and clicks the calm ones'."""
    line = Line(settings, decides=False)
    for number in range(6):
        loud = number % 2
        told = {"loudness": 10.0 * loud + number}
        line.feed([say(kinds.Host, 0.0, host_id=f"host-old{number}", attributes=told)])
        line.feed([say.room(f"old{number}", "tea")])
    rooms = " ".join(f"old{number}" for number in range(6))
    for number, room_id in enumerate(["old0", "old2", "old4", "old0", "old2"]):
        at_s, request_id = 10.0 + 10 * number, f"q{number}"
        line.feed(say.shown(at_s, "u", request_id, rooms))
        line.feed([say(kinds.Click, at_s + 1, "u", room_id=room_id, request_id=request_id)])
    return line


def newcomers(line: Line, say: Teller, calm: str, loud: str, at_s: float) -> None:
    """Two new hosts are told of, without signals of anybody's."""
    for room_id, loudness in ((calm, 1.5), (loud, 13.5)):
        told = {"loudness": loudness}
        line.feed([say(kinds.Host, at_s, host_id=f"host-{room_id}", attributes=told)])


def order_of(line: Line, say: Teller, at_s: float) -> list[str]:
    """The new rooms of the user's next list, ranked by taste in attributes alone."""
    line.feed([say(kinds.Click, at_s, "u", room_id="old4")])
    line.feed([say.room("old0", "tea", at_s + 5)])
    names = line.runtime.feature_names
    coef = np.array([float(name == "attribute_lift") for name in names])
    table = WeightsTable(1, {}, RankWeights(names, coef, 0.0, {}))
    step = line.made.wishes[-1]
    scene = line.runtime.boards.at(step.clock_ms // 1000, step.seq)[0]
    board, live = line.runtime.boards.board(scene, table)
    slate = dataclasses.replace(SlateSettings(), explore_share=0.0)
    ranker = Ranker(slate, VectorSettings())
    scores = ranker.scores(step.wish, board, live, ranker.tag_values(step.wish.view, board))
    value = json.loads(ranker.slate(step.wish, board, live, 1, 1).body)
    listed = [item["room_id"] for item in value["items"] if item["room_id"].startswith("new")]
    of_room = dict(zip(live.ids, scores.tolist(), strict=True))
    if of_room["new1"] == of_room["new2"]:
        return []
    assert listed == sorted(listed, key=lambda room_id: -of_room[room_id])
    return listed


@pytest.mark.parametrize(("calm", "loud"), [("new1", "new2"), ("new2", "new1")])
@pytest.mark.parametrize("room_first", [False, True])
def test_the_new_host_alike_comes_first(say: Teller, calm: str, loud: str, room_first: bool):
    line = evening(say, ON)
    rooms = [say.room(room_id, "tea", 70.0) for room_id in (calm, loud)]
    if room_first:
        line.feed(rooms)
    newcomers(line, say, calm, loud, 70.0)
    if not room_first:
        line.feed(rooms)
    assert order_of(line, say, 80.0) == [calm, loud]


def test_a_record_that_changes_counts_from_then_on(say: Teller):
    line = evening(say, ON)
    newcomers(line, say, "new1", "new2", 70.0)
    line.feed([say.room(room_id, "tea", 70.0) for room_id in ("new1", "new2")])
    assert order_of(line, say, 80.0) == ["new1", "new2"]
    newcomers(line, say, "new2", "new1", 90.0)
    assert order_of(line, say, 100.0) == ["new2", "new1"]


def test_what_the_room_itself_tells_counts_before(say: Teller):
    line = evening(say, ON)
    newcomers(line, say, "new1", "new2", 70.0)
    line.feed([say.room("new1", "tea", 70.0, attributes={"loudness": 14.0})])
    line.feed([say.room("new2", "tea", 70.0, attributes={"loudness": 1.0})])
    assert order_of(line, say, 80.0) == ["new2", "new1"]


def test_unless_asked_for_the_hosts_record_tells_nothing_apart(say: Teller):
    line = evening(say, Settings())
    newcomers(line, say, "new1", "new2", 70.0)
    line.feed([say.room(room_id, "tea", 70.0) for room_id in ("new1", "new2")])
    assert order_of(line, say, 80.0) == []


def test_a_restarted_line_goes_on_alike(say: Teller):
    again = Teller()
    resumed, straight = evening(say, ON).resumed(), evening(again, ON)
    for line, teller in ((resumed, say), (straight, again)):
        newcomers(line, teller, "new1", "new2", 70.0)
        line.feed([teller.room(room_id, "tea", 70.0) for room_id in ("new1", "new2")])
        assert order_of(line, teller, 80.0) == ["new1", "new2"]
    assert len(straight.made.wishes) > 1
    assert straight.made.wishes == resumed.made.wishes
    assert straight.made.examples == resumed.made.examples
