"""Fixtures of the room that decides: a market of many rooms, and users with a past."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from decisions.board import Board, LiveRooms
from decisions.settings import SlateSettings
from decisions.slate import Ranker
from events import kinds
from features.rows import Wish
from features.scene import Scene
from features.vector import VectorSettings
from models.scorer import RankWeights
from models.table import WeightsTable
from tests.decisions.naive_trusted import naive
from tests.line import START_MS, Line, Teller

NOW_S = 400


@pytest.fixture
def say() -> Teller:
    """Makes events."""
    return Teller()


@dataclasses.dataclass
class Market:
    """A scene of rooms, the wishes of users who acted there, and the examples they left."""

    line: Line
    scene: Scene
    wishes: list[Wish]

    def table(self, seed: int, zeros: float = 0.3) -> WeightsTable:
        """Random weights, some of them zero; the position counts nothing."""
        draws = np.random.default_rng(seed)
        names = self.line.runtime.feature_names
        coef = draws.normal(size=len(names)) * (draws.random(len(names)) >= zeros)
        coef[-1] = 0.0
        # Boards are kept by the second of their weights.
        second = 10 * seed + round(10 * zeros)
        return WeightsTable(second, {}, RankWeights(names, coef, float(draws.normal()), {}))

    def board(self, table: WeightsTable) -> tuple[Board, LiveRooms]:
        """The board that DECIDE would score with."""
        return self.line.runtime.boards.board(self.scene, table)

    def scores(self, wish: Wish, table: WeightsTable) -> dict[str, float]:
        """The utility of each live room."""
        board, live = self.board(table)
        ranker = Ranker(SlateSettings(), VectorSettings())
        found = ranker.scores(wish, board, live, ranker.tag_values(wish.view, board))
        return dict(zip(live.ids, found.tolist(), strict=True))

    def ranked_by(self, wish: Wish, table: WeightsTable) -> dict[str, float]:
        """What each live room is ranked by, with the settings as they are."""
        board, live = self.board(table)
        ranker = Ranker(SlateSettings(), VectorSettings())
        _, found = ranker.ranked(wish, board, live, ranker.tag_values(wish.view, board))
        return dict(zip(live.ids, found.tolist(), strict=True))

    def placed_by(self, wish: Wish, table: WeightsTable) -> dict[str, float]:
        """The same, dealt out anew among the rooms that present one product."""
        found = self.ranked_by(wish, table)
        _, live = self.board(table)
        rooms = [self.scene.content.rooms[number] for number in live.numbers]
        air = self.scene.air
        products = [air.products[number] if air is not None else None for number in live.numbers]
        trust = {host: one for host, one in wish.view.hosts.items() if one >= 0.5}
        trust |= {host: 1.0 + wish.view.hosts.get(host, 0.0) for host in wish.view.follows}
        dealt = naive(list(found.values()), products, [room.host_id for room in rooms], trust)
        return dict(zip(live.ids, dealt, strict=True))


def act(dice: random.Random, say: Teller, at_s: float, user: str, rooms: list[str]) -> list[Any]:
    """Something that a user does, with what was shown to them before it."""
    room_id, host = dice.choice(rooms), f"h{dice.randrange(30)}"
    room = {"room_id": room_id}
    shown = say.shown(at_s, user, f"q{say.told}", " ".join(dice.sample(rooms, 6)))
    fields: dict[Any, dict[str, Any]] = {
        kinds.Click: {"room_id": shown[0].room_id, "request_id": shown[0].request_id},
        kinds.Share: room,
        kinds.Like: room,
        kinds.Follow: {"host_id": host},
        kinds.Order: {"order_id": f"o{say.told}", "product_id": "p1", "amount": 30.0},
        kinds.Dismiss: room,
        kinds.Dwell: {**room, "dwell_ms": 9_000, "left": True},
        kinds.Mute: dice.choice([{"host_id": host}, {"tag": f"t{dice.randrange(30)}"}]),
    }
    kind = dice.choice(list(fields))
    return [*shown, say(kind, at_s, user, **fields[kind])]


def make_market(seed: int, rooms: int = 90, actions: int = 120) -> Market:
    """Rooms of 30 hosts with up to 4 of 30 tags each; 12 users of whom most have a past."""
    dice, say, line = random.Random(seed), Teller(), Line(decides=False)
    for number in range(5):
        tags = " ".join(f"t{n}" for n in sorted({dice.randrange(40) for _ in range(number)}))
        line.feed([say.product(f"p{number}", tags, dice.choice([0.0, 5.0, 30.0, 400.0]))])
    ids = [f"room{n:04}" for n in range(rooms)]
    for room_id in ids:
        tags = " ".join(f"t{n}" for n in sorted({dice.randrange(30) for _ in range(4)}))
        line.feed(
            [
                say.room(
                    *(room_id, tags if dice.random() < 0.95 else ""),
                    host_id=f"h{dice.randrange(30)}",
                    status="live" if dice.random() < 0.9 else "scheduled",
                    start_time_ms=START_MS - dice.randrange(7200) * 1000,
                    products=dice.sample(["p0", "p1", "p2", "?"], dice.randrange(3)),
                    attributes={"size": dice.random()},
                )
            ]
        )
    for room_id in dice.sample(ids, rooms // 2):
        product_id = dice.choice(["p1", "p2", "p3", "p4", "?", None])
        line.feed([say(kinds.OnAir, 5.0, room_id=room_id, product_id=product_id)])
    at_s = 10.0
    for number in range(actions):
        at_s += 2.5
        line.feed(act(dice, say, at_s, f"u{dice.randrange(10)}", ids))
        if number == 0:
            line.feed([say(kinds.Mute, at_s, f"newcomer{n}", tag="x") for n in range(2)])
    last = {step.user_id: step.wish for step in line.made.wishes}
    scene = line.runtime.scenes.at(NOW_S, line.seq)
    return Market(line, scene, list(last.values()))


@pytest.fixture(scope="session")
def new_market() -> Callable[..., Market]:
    """Makes a market; see `make_market`."""
    return make_market


@pytest.fixture(scope="session")
def market() -> Market:
    """One market, for what needs only one."""
    return make_market(1)
