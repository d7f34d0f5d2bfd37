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
USERS = dataclasses.replace(ON, neighbours=dataclasses.replace(ON.neighbours, users=True))
ROOMS = "abcdef"
SHOWN_S = START_MS // 1000 + 70


def told(say: Teller, settings: Settings = ON) -> Line:
    """Eight people like a and then b, one likes others; a ninth stays in a, and is shown all."""
    line = Line(settings, decides=False)
    line.feed([say.room(room_id) for room_id in ROOMS])
    for number in range(8):
        for room_id in "ab":
            line.feed([say(kinds.Share, 10.0 + number, f"u{number}", room_id=room_id)])
    for room_id in "de":
        line.feed([say(kinds.Share, 20.0, "other", room_id=room_id)])
    stay = {"room_id": "a", "dwell_ms": 90_000, "left": False}
    line.feed([say(kinds.Dwell, 60.0, "ninth", **stay)])
    line.feed(say.shown(70.0, "ninth", "q1", " ".join(ROOMS)))
    line.feed([say(kinds.Click, 71.0, "ninth", room_id="c", request_id="q1")], done=True)
    return line


def weights(line: Line, values: dict[str, float]) -> WeightsTable:
    names = line.runtime.feature_names
    coef = np.array([values.get(name, 0.0) for name in names])
    return WeightsTable(1, {}, RankWeights(names, coef, 0.0, {}))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"neighbour_match": 1.0}, ["similar_audience", "a"]),
        ({"neighbour_users": 1.0}, ["alike_users"]),
        ({"neighbour_match": 0.2, "neighbour_users": 1.0}, ["alike_users"]),
        ({"neighbour_match": 5.0, "neighbour_users": 0.1}, ["similar_audience", "a"]),
    ],
)
def test_the_room_that_its_audience_liked_comes_first_and_says_why(
    say: Teller, values: dict[str, float], reason: list[str]
):
    line = told(say, USERS)
    wish = next(step for step in line.made.wishes if step.user_id == "ninth")
    table = weights(line, values)
    board, live = line.runtime.boards.board(line.runtime.boards.at(
        wish.clock_ms // 1000, wish.seq)[0], table)  # fmt: skip
    ranker = Ranker(dataclasses.replace(SlateSettings(), explore_share=0.0), VectorSettings())
    slate = ranker.slate(wish.wish, board, live, 1, 1)
    value: dict[str, Any] = json.loads(slate.body)
    first = value["items"][0]
    assert first["room_id"] == "b"
    assert value["reasons"][first["reasons"][0]] == reason


@pytest.mark.parametrize("chosen", [ON, USERS])
def test_the_vector_that_is_learnt_from_is_the_one_that_is_scored(say: Teller, chosen: Settings):
    line = told(say, chosen)
    names = line.runtime.feature_names
    near_names = NEAR_NAMES if chosen is USERS else NEAR_NAMES[:-1]
    columns = [names.index(name) for name in near_names]
    assert columns == list(range(len(names) - 1 - len(near_names), len(names) - 1))
    step = next(step for step in line.made.wishes if step.user_id == "ninth")
    scene = line.runtime.scenes.at(SHOWN_S, line.seq)
    assert scene.near is not None
    values = scene.near(step.wish.view.recent, "ninth")
    shown = [one for one in line.made.examples if one.request_id == "q1" and one.ordered < 0]
    assert len(shown) == len(ROOMS)
    for example in shown:
        number = scene.content.number[example.room_id]
        x = np.frombuffer(example.x)[columns]
        expected = np.array([column[number] for column in values]).astype("<f4")
        assert x.tolist() == expected.tolist()
        assert (x > 0.0).all() == (example.room_id == "b")


@pytest.mark.parametrize("chosen", [ON, USERS])
@pytest.mark.parametrize("without", [(), ("neighbour_",), ("neighbour_attention",)])
def test_the_score_is_that_of_the_whole_vector(
    say: Teller, without: tuple[str, ...], chosen: Settings
):
    settings = dataclasses.replace(chosen, learn=LearnSettings(without=without))
    line = told(say, settings)
    values = {"neighbour_match": 0.7, "neighbour_attention": -0.3, "neighbour_users": 0.9}
    values["tag_lift"] = 0.1
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


def test_of_users_alike_ones_own_row_is_none(say: Teller):
    """Eight have a and b; the ninth, in the panel by now with a and c, gives c nothing by that."""
    line = Line(USERS, decides=False)
    line.feed([say.room(room_id) for room_id in ROOMS])
    for number in range(8):
        for room_id in "ab":
            line.feed([say(kinds.Share, 10.0 + number, f"u{number}", room_id=room_id)])
    for room_id in "ac":
        line.feed([say(kinds.Share, 30.0, "ninth", room_id=room_id)])
    line.feed([say(kinds.Share, 90.0, "tenth", room_id="f")], done=True)
    near = line.runtime.scenes.at(START_MS // 1000 + 90, line.seq).near
    assert near is not None
    number = line.runtime.scenes.at(START_MS // 1000 + 90, line.seq).content.number
    own, others = (near([("a", 1.0, 0.5)], person)[2] for person in ("ninth", "stranger"))
    assert own[number["b"]] > 0.0 > own[number["c"]]
    assert others[number["c"]] > own[number["c"]]
