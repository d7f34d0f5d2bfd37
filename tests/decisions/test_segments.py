"""A new user's first list has what users with alike records click, says so, and is learnt so."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from decisions.column import Column
from decisions.settings import SlateSettings
from decisions.slate import Ranker
from events import kinds
from features.neighbours import NeighbourSettings
from features.segment_rows import SegmentSettings
from features.vector import SEGMENT_NAMES, VectorSettings
from flows.settings import Settings
from models.scorer import RankWeights
from models.settings import LearnSettings
from models.table import WeightsTable
from tests.line import START_MS, Line, Teller

ON = Settings(segments=SegmentSettings(attributes={"city": 0.0}, publish_s=10))
NEAR_TOO = dataclasses.replace(ON, neighbours=NeighbourSettings(on=True, publish_s=10))
ROOMS = "abcdef"
SHOWN_S = START_MS // 1000 + 70


def record(say: Teller, at_s: float, user: str, city: str, **fields: Any) -> Any:
    return say(kinds.User, at_s, user, attributes={"city": city, "shoe": 38}, **fields)


def told(say: Teller, settings: Settings = ON, agreed: bool = True) -> Line:
    """People of two cities are shown all rooms and click one each; then somebody new comes."""
    line = Line(settings, decides=False)
    line.feed([say.room(room_id) for room_id in ROOMS])
    for number in range(12):
        user, city = f"u{number}", "xy"[number % 2]
        line.feed([record(say, 9.0, user, city)])
        line.feed(say.shown(10.0 + number, user, f"q{number}", " ".join(ROOMS)))
        clicked = {"room_id": "be"[number % 2], "request_id": f"q{number}"}
        line.feed([say(kinds.Click, 10.5 + number, user, **clicked)])
    consent = kinds.Consent(profiling=agreed)
    line.feed([record(say, 69.0, "new", "x", consent=consent)])
    line.feed(say.shown(70.0, "new", "first", " ".join(ROOMS)))
    line.feed([say(kinds.Click, 71.0, "new", room_id="f", request_id="first")], done=True)
    return line


def weights(line: Line, values: dict[str, float]) -> WeightsTable:
    names = line.runtime.feature_names
    coef = np.array([values.get(name, 0.0) for name in names])
    return WeightsTable(1, {}, RankWeights(names, coef, 0.0, {}))


def slate_of(line: Line, table: WeightsTable, user: str) -> dict[str, Any]:
    step = next(step for step in line.made.wishes if step.user_id == user)
    scene = line.runtime.boards.at(step.clock_ms // 1000, step.seq)[0]
    board, live = line.runtime.boards.board(scene, table)
    ranker = Ranker(dataclasses.replace(SlateSettings(), explore_share=0.0), VectorSettings())
    made: dict[str, Any] = json.loads(ranker.slate(step.wish, board, live, 1, 1).body)
    return made


def test_what_the_segment_clicks_comes_first_and_says_why(say: Teller):
    line = told(say)
    value = slate_of(line, weights(line, {"segment_room_lift": 1.0}), "new")
    first, last = value["items"][0], value["items"][-1]
    assert (first["room_id"], last["room_id"]) == ("b", "e")
    assert value["reasons"][first["reasons"][0]] == ["popular_in_segment"]


@pytest.mark.parametrize("settings", [ON, NEAR_TOO])
def test_the_vector_that_is_learnt_from_is_the_one_that_is_scored(say: Teller, settings: Settings):
    line = told(say, settings)
    names = line.runtime.feature_names
    assert names[-4:-1] == SEGMENT_NAMES
    scene = line.runtime.scenes.at(SHOWN_S, line.seq)
    assert scene.segments is not None
    lifts = scene.segments(["city=x"])
    assert lifts is not None
    shown = [one for one in line.made.examples if one.request_id == "first" and one.ordered < 0]
    assert len(shown) == len(ROOMS)
    for example in shown:
        x = np.frombuffer(example.x)[-4:-1]
        expected = lifts[:, scene.content.number[example.room_id]]
        assert x.tolist() == expected.astype("<f4").tolist()
        assert (x[0] > 0.0) == (example.room_id in "b")


@pytest.mark.parametrize("settings", [ON, NEAR_TOO])
@pytest.mark.parametrize("without", [(), ("segment_",), ("segment_host_lift",)])
def test_the_score_is_that_of_the_whole_vector(
    say: Teller, settings: Settings, without: tuple[str, ...]
):
    line = told(say, dataclasses.replace(settings, learn=LearnSettings(without=without)))
    values = {
        "segment_room_lift": 0.7, "segment_host_lift": 0.4, "segment_tag_lift": -0.3,
        "neighbour_match": 0.6, "host_affinity": 0.2,
    }  # fmt: skip
    kept = {name: one for name, one in values.items() if not name.startswith(without)}
    table = weights(line, kept)
    ranker = Ranker(SlateSettings(), VectorSettings())
    for step in line.made.wishes:
        scene, _ = line.runtime.boards.at(step.clock_ms // 1000, step.seq)
        board, live = line.runtime.boards.board(scene, table)
        scores = ranker.scores(step.wish, board, live, ranker.tag_values(step.wish.view, board))
        for room_id, score in zip(live.ids, scores.tolist(), strict=True):
            number = scene.content.number[room_id]
            column = Column(scene, table, number, SlateSettings(), VectorSettings())
            assert score == pytest.approx(column.score(step.wish))


def test_a_restarted_line_goes_on_alike(say: Teller):
    line = Line(NEAR_TOO)
    line.feed([say.room(room_id) for room_id in ROOMS])
    line.feed([record(say, 1.0, "u1", "x"), record(say, 1.0, "u2", "x")])
    line.feed(say.shown(2.0, "u1", "q1", "a b c"))
    line.feed([say(kinds.Click, 3.0, "u1", room_id="c", request_id="q1")])
    later = [
        say(kinds.Click, 40.0, "u2", room_id="a"),
        say(kinds.Click, 80.0, "u2", room_id="b"),
    ]
    resumed = line.resumed()
    assert resumed.feed(later, done=True).decisions
    straight = Line(NEAR_TOO)
    again = Teller()
    straight.feed([again.room(room_id) for room_id in ROOMS])
    straight.feed([record(again, 1.0, "u1", "x"), record(again, 1.0, "u2", "x")])
    straight.feed(again.shown(2.0, "u1", "q1", "a b c"))
    straight.feed([again(kinds.Click, 3.0, "u1", room_id="c", request_id="q1")])
    straight.feed(later, done=True)
    assert straight.made.decisions == resumed.made.decisions


def test_without_consent_nobody_is_in_a_segment(say: Teller):
    line = told(say, agreed=False)
    assert not [step for step in line.made.wishes if step.user_id == "new"]
    held = line.observe[0].people.get("new", line.clock_ms)
    assert held is not None
    assert held.segments == []
    # Refused are the record itself, what the user was shown, and the click.
    assert line.segments.totals()["refused"] == 2 + len(ROOMS)


def test_off_neither_vector_nor_user_knows_of_it(say: Teller):
    line = told(say, Settings())
    assert not set(SEGMENT_NAMES) & set(line.runtime.feature_names)
    assert all(not step.wish.view.segments for step in line.made.wishes)
    assert line.runtime.scenes.at(SHOWN_S, line.seq).segments is None
