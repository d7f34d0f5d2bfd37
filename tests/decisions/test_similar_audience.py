"""What a room's audience liked as well comes up, and says why; it is learnt as it is served."""

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
from features.vector import NEAR_NAMES, VectorSettings
from flows.settings import Settings
from models.scorer import RankWeights
from models.settings import LearnSettings
from models.table import WeightsTable
from tests.line import START_MS, Line, Teller

ON = Settings(neighbours=NeighbourSettings(on=True, publish_s=10, prior=0.5))
ROOMS = "abcdef"
SHOWN_S = START_MS // 1000 + 70


def told(say: Teller, settings: Settings = ON) -> Line:
    """Eight people like a and then b; a ninth stays in a for long, and is shown all rooms."""
    line = Line(settings, decides=False)
    line.feed([say.room(room_id) for room_id in ROOMS])
    for number in range(8):
        for room_id in "ab":
            line.feed([say(kinds.Share, 10.0 + number, f"u{number}", room_id=room_id)])
    stay = {"room_id": "a", "dwell_ms": 90_000, "left": False}
    line.feed([say(kinds.Dwell, 60.0, "ninth", **stay)])
    line.feed(say.shown(70.0, "ninth", "q1", " ".join(ROOMS)))
    line.feed([say(kinds.Click, 71.0, "ninth", room_id="c", request_id="q1")], done=True)
    return line


def weights(line: Line, values: dict[str, float]) -> WeightsTable:
    names = line.runtime.feature_names
    coef = np.array([values.get(name, 0.0) for name in names])
    return WeightsTable(1, {}, RankWeights(names, coef, 0.0, {}))


def test_the_room_that_its_audience_liked_comes_first_and_says_why(say: Teller):
    line = told(say)
    wish = next(step for step in line.made.wishes if step.user_id == "ninth")
    table = weights(line, {"neighbour_match": 1.0})
    board, live = line.runtime.boards.board(line.runtime.boards.at(
        wish.clock_ms // 1000, wish.seq)[0], table)  # fmt: skip
    ranker = Ranker(dataclasses.replace(SlateSettings(), explore_share=0.0), VectorSettings())
    slate = ranker.slate(wish.wish, board, live, 1, 1)
    value: dict[str, Any] = json.loads(slate.body)
    first = value["items"][0]
    assert first["room_id"] == "b"
    assert value["reasons"][first["reasons"][0]] == ["similar_audience", "a"]


def test_the_vector_that_is_learnt_from_is_the_one_that_is_scored(say: Teller):
    line = told(say)
    names = line.runtime.feature_names
    columns = [names.index(name) for name in NEAR_NAMES]
    step = next(step for step in line.made.wishes if step.user_id == "ninth")
    scene = line.runtime.scenes.at(SHOWN_S, line.seq)
    assert scene.near is not None
    match, attention = scene.near(step.wish.view.recent)
    shown = [one for one in line.made.examples if one.request_id == "q1" and one.ordered < 0]
    assert len(shown) == len(ROOMS)
    for example in shown:
        number = scene.content.number[example.room_id]
        x = np.frombuffer(example.x)[columns]
        expected = np.array([match[number], attention[number]]).astype("<f4")
        assert x.tolist() == expected.tolist()
        assert (x > 0.0).all() == (example.room_id == "b")


@pytest.mark.parametrize("without", [(), ("neighbour_",), ("neighbour_attention",)])
def test_the_score_is_that_of_the_whole_vector(say: Teller, without: tuple[str, ...]):
    settings = dataclasses.replace(ON, learn=LearnSettings(without=without))
    line = told(say, settings)
    values = {"neighbour_match": 0.7, "neighbour_attention": -0.3, "tag_lift": 0.1}
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


def test_off_neither_vector_nor_user_knows_of_it(say: Teller):
    line = told(say, Settings())
    assert not set(NEAR_NAMES) & set(line.runtime.feature_names)
    assert all(not step.wish.view.recent for step in line.made.wishes)
    assert line.runtime.scenes.at(SHOWN_S, line.seq).near is None
