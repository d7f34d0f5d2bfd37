"""Rooms that go with a user by learnt factors come up and say so; DECIDE scores as LEARN does."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.column import Column
from decisions.fits import Fits
from decisions.settings import SlateSettings
from decisions.slate import Ranker
from events import kinds
from features.sides import SideSettings, room_side_of, user_side
from features.vector import VectorSettings
from flows.settings import Settings
from models.factor_settings import FactorSettings
from models.factor_table import FACTOR_NAMES, FactorTable
from models.scorer import RankWeights
from models.settings import LearnSettings
from models.table import WeightsTable
from tests.decisions.conftest import act
from tests.line import Line, Teller
from tests.small_world import cut_places, random_log, seeds

ON = Settings(factors=FactorSettings(on=True, publish_s=5, learning_rate=0.5, factors=5))
VECTOR = VectorSettings()
SIDES = [
    SideSettings(),
    SideSettings(user=("tags",), room=("tags",)),
    SideSettings(user=("hosts", "rooms"), room=("hosts", "rooms")),
    SideSettings(user=("rooms",), room=("tags", "rooms")),
]


def told(say: Teller, chosen: Settings, count: int = 120) -> Line:
    """Some users who act among a few rooms, each of them with two tags of five, or none."""
    dice, line = random.Random(5), Line(chosen)
    rooms = [f"r{number}" for number in range(20)]
    tags = ["tea", "cup", "art", "toy", "hat"]
    line.feed(
        [
            say.room(room_id, " ".join(dice.sample(tags, dice.choice((0, 1, 2)))),
                     host_id=f"h{number % 30}")
            for number, room_id in enumerate(rooms)
        ]
    )  # fmt: skip
    for turn in range(count):
        line.feed(act(dice, say, 4.0 * turn, f"u{turn % 5}", rooms))
    return line


def table_with(line: Line, factors: FactorTable | None, seed: int = 1) -> WeightsTable:
    names = line.runtime.feature_names
    coef = np.random.default_rng(seed).normal(size=len(names))
    return WeightsTable(seed, {}, RankWeights(names, coef, 0.2, {}), factors)


def vectors_for(line: Line, seed: int = 2) -> FactorTable:
    """Vectors of most of what is known there, and of something that is not."""
    content = line.runtime.scenes.content(line.seq)
    names = [f"tag {tag}" for tag in content.tag_number]
    names += [f"host {host}" for host in content.host_number]
    names += [f"room {room_id}" for room_id in content.ids]
    names = ["tag other", *sorted(names)[4:]]
    left, right = np.random.default_rng(seed).normal(size=(2, len(names), 5))
    return FactorTable(7, names, left, right)


@pytest.mark.parametrize(
    "sides", SIDES, ids=lambda sides: "+".join((*sides.user, "by", *sides.room))
)
def test_the_score_is_that_of_the_whole_vector(say: Teller, sides: SideSettings):
    line = told(say, dataclasses.replace(ON, sides=sides), 40)
    factors = vectors_for(line)
    table, plain = table_with(line, factors), table_with(line, None)
    ranker, worth = Ranker(SlateSettings(), VECTOR), float(table.rank.coef[-1])
    differs = 0
    for step in line.made.wishes:
        wish = step.wish
        scene, _ = line.runtime.boards.at(step.clock_ms // 1000, step.seq)
        board, live = line.runtime.boards.board(scene, table)
        fits = Fits(scene.content, factors, sides, VECTOR)(wish.view, worth)
        theirs = [room_side_of(scene.content, room_id, sides) for room_id in live.ids]
        own = user_side(wish.view, sides, VECTOR)
        scores = ranker.scores(wish, board, live, ranker.tag_values(wish.view, board))
        for place, room_id in enumerate(live.ids):
            number = scene.content.number[room_id]
            naive = worth * factors.product(own, theirs[place])
            assert (0.0 if fits is None else fits[place]) == pytest.approx(naive, abs=1e-9)
            columns = [
                Column(scene, one, number, SlateSettings(), VECTOR, sides) for one in (table, plain)
            ]
            with_factors, without = (column.score(wish) for column in columns)
            assert with_factors == pytest.approx(without + naive, abs=1e-9)
            if np.isfinite(scores[place]):
                assert scores[place] == pytest.approx(with_factors, abs=1e-9)
                differs += abs(with_factors - without) > 1e-3
    assert differs > 50


def test_a_room_s_fit_does_not_depend_on_the_others(say: Teller):
    line = told(say, ON, 20)
    factors, content = vectors_for(line), line.runtime.scenes.content(line.seq)
    view = line.made.wishes[-1].wish.view
    whole = Fits(content, factors, ON.sides, VECTOR)(view, 0.7)
    line.feed([say.room(f"more{number}", "tea", at_s=100.0) for number in range(7)])
    larger = line.runtime.scenes.content(line.seq)
    again = Fits(larger, factors, ON.sides, VECTOR)(view, 0.7)
    assert whole is not None
    assert again is not None
    places = {larger.ids[number]: place for place, number in enumerate(larger.live.tolist())}
    same = [again[places[content.ids[number]]] for number in content.live.tolist()]
    assert same == whole.tolist()


def test_what_is_learnt_is_what_is_served(say: Teller):
    """Each example's feature in LEARN is the number that DECIDE adds for that user and room."""
    line = told(say, ON)
    held = [one for _, one in line.runtime.boards.tables.held() if one.factors is not None]
    assert held
    learner, factors = line.learn._factors, held[-1].factors
    assert learner is not None
    assert factors is not None
    content = line.runtime.scenes.content(line.seq)
    fits = Fits(content, factors, ON.sides, VECTOR)
    place = {content.ids[number]: at for at, number in enumerate(content.live.tolist())}
    compared = 0
    for step in line.made.wishes[-20:]:
        view = step.wish.view
        found = fits(view, 1.0)
        for room_id, at in place.items():
            room = room_side_of(content, room_id, ON.sides)
            example = msgspec.structs.replace(
                line.made.examples[0], user_side=user_side(view, ON.sides, VECTOR), room_side=room
            )
            [served] = learner.served([example], [factors.stamp_s]).tolist()
            assert served == pytest.approx(0.0 if found is None else found[at], abs=1e-9)
            compared += served != 0.0
    assert compared > 100


def test_weights_meet_the_factors_that_held_with_them(say: Teller):
    line = told(say, ON)
    held = [(s, one.factors) for s, one in line.runtime.boards.tables.held() if s > 0]
    stamps = [(s, -1 if one is None else one.stamp_s) for s, one in held]
    assert len({stamp for _, stamp in stamps}) > 3
    assert all(stamp <= s for s, stamp in stamps)
    assert [stamp for _, stamp in stamps] == sorted(stamp for _, stamp in stamps)
    resumed = line.resumed().runtime.boards.tables.held()
    again = [(s, one.factors.stamp_s if one.factors else -1) for s, one in resumed if s > 0]
    assert again == stamps


def test_the_room_that_goes_with_the_user_comes_first_and_says_why(say: Teller):
    line = told(say, ON, 0)
    line.feed([say(kinds.Share, 5.0, "u", room_id="r0")])
    wish = line.made.wishes[-1]
    names = ["room r0", "host h7"]
    factors = FactorTable(7, names, np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]]))
    feature_names = line.runtime.feature_names
    coef = np.array([float(name in FACTOR_NAMES) for name in feature_names])
    table = WeightsTable(1, {}, RankWeights(feature_names, coef, 0.0, {}), factors)
    board, live = line.runtime.boards.board(
        line.runtime.boards.at(wish.clock_ms // 1000, wish.seq)[0], table
    )
    ranker = Ranker(dataclasses.replace(SlateSettings(), explore_share=0.0), VECTOR)
    value: dict[str, Any] = json.loads(ranker.slate(wish.wish, board, live, 1, 1).body)
    first = value["items"][0]
    assert first["room_id"] == "r7"
    assert value["reasons"][first["reasons"][0]] == ["learnt_taste"]


def test_left_out_of_the_blend_they_add_nothing(say: Teller):
    chosen = dataclasses.replace(ON, learn=LearnSettings(without=FACTOR_NAMES))
    line = told(say, chosen, 40)
    scene, table = line.runtime.boards.at(line.clock_ms // 1000 + 60, line.seq)
    assert table.factors is not None
    board, _ = line.runtime.boards.board(scene, table)
    assert all(board.fit_values(step.wish.view) is None for step in line.made.wishes)


def test_off_nothing_knows_of_it(say: Teller):
    line = told(say, Settings(), 30)
    assert not set(FACTOR_NAMES) & set(line.runtime.feature_names)
    assert all(table.factors is None for _, table in line.runtime.boards.tables.held())
    assert all(not step.wish.view.recent for step in line.made.wishes)


@settings(max_examples=15, deadline=None)
@given(seeds, cut_places, st.sampled_from([1, 3]))
def test_neither_cuts_nor_shards_nor_a_restart_change_what_is_decided(
    seed: int, cuts: list[int], shards: int
):
    log = random_log(seed)
    whole, cut = Line(ON), Line(ON, shards)
    whole.feed(log, done=True)
    middle = len(log) // 2
    cut.feed(log[:middle], [one for one in cuts if one < middle])
    cut = cut.resumed()
    cut.feed(log[middle:], [one - middle for one in cuts if one > middle], done=True)

    def told_by(line: Line) -> list[Any]:
        return sorted(line.made.decisions, key=lambda d: (d.event_time_ms, d.user_id, d.seq))

    assert told_by(cut) == told_by(whole)
    assert cut.made.settled()[-1] == whole.made.settled()[-1]
    assert cut.learn.metrics() == whole.learn.metrics()
