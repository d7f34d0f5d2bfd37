"""Of rooms that present one product, those of trusted hosts come first, however weak they are."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.settings import SlateSettings
from decisions.trusted import favour
from events import kinds
from flows.settings import Settings
from tests.decisions.naive_trusted import LEAST, naive
from tests.line import Line, Teller


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_ranks_are_dealt_out_among_the_rooms_of_a_product_alone(seed: int):
    dice = random.Random(seed)
    rooms, names = dice.randrange(1, 14), [f"h{number}" for number in range(5)]
    hosts = [dice.choice(names) for _ in range(rooms)]
    products = [dice.choice([None, "p", "q", "r"]) for _ in range(rooms)]
    by = [dice.choice([-math.inf, LEAST - 1.0, dice.uniform(-2, 2)]) for _ in range(rooms)]
    view = SimpleNamespace(
        hosts={name: dice.uniform(-1, 1) for name in dice.sample(names, 3)},
        follows=dict.fromkeys(dice.sample(names, dice.randrange(2)), 1),
    )
    rivals: dict[str, list[int]] = {}
    for place, product in enumerate(products):
        if product is not None:
            rivals.setdefault(product, []).append(place)
    rivals = {product: places for product, places in rivals.items() if len(places) > 1}
    air: Any = SimpleNamespace(products=products, rivals=lambda name: rivals.get(name, []))
    live: Any = SimpleNamespace(
        places_of=lambda host: [n for n in range(rooms) if hosts[n] == host],
        numbers=range(rooms),
    )
    before = np.array(by)
    made, won = favour(before, view, SimpleNamespace(air=air), live, 0.5, LEAST)  # type: ignore[arg-type]
    trust = {name: value for name, value in view.hosts.items() if value >= 0.5}
    trust |= {name: 1.0 + view.hosts.get(name, 0.0) for name in view.follows}
    assert made.tolist() == naive(by, products, hosts, trust)
    assert before.tolist() == by, "what was given is not changed"
    for place, host in won.items():
        assert host == hosts[place]
        assert made[place] > by[place]


def test_the_room_of_a_followed_host_comes_before_a_stronger_one_that_shows_the_same(say: Teller):
    slate = SlateSettings(explore_share=0.0)
    line = Line(dataclasses.replace(Settings(), slate=slate))
    line.feed([say.product("pot", "tea"), say.product("cup", "clay")])
    line.feed([say.room(f"x{n}", "tea") for n in range(4)])
    line.feed([say.room("weak", "silk", host_id="friend"), say.room("strong", "tea")])
    line.feed([say(kinds.Follow, 1, "u", host_id="friend")])
    for number in range(8):
        line.feed([say(kinds.Share, 2 + number, "u", room_id="x0")])

    def last() -> dict[str, Any]:
        made = [one.value for one in line.made.decisions if one.type == "slate"]
        value: dict[str, Any] = json.loads(made[-1])
        return value

    def order(value: dict[str, Any]) -> list[str]:
        return [item["room_id"] for item in value["items"]]

    before = order(last())
    assert before.index("strong") < before.index("weak")
    line.feed([say(kinds.OnAir, 20, room_id="strong", product_id="pot")])
    line.feed([say(kinds.OnAir, 20, room_id="weak", product_id="pot")])
    line.feed([say(kinds.Share, 30, "u", room_id="x0")])
    value = last()
    assert order(value).index("weak") < order(value).index("strong")
    item = next(item for item in value["items"] if item["room_id"] == "weak")
    assert value["reasons"][item["reasons"][0]] == ["followed_host", "friend"]
    line.feed([say(kinds.OnAir, 40, room_id="weak", product_id="cup")])
    line.feed([say(kinds.Share, 50, "u", room_id="x0")])
    value = last()
    assert order(value).index("strong") < order(value).index("weak"), "something else is on air"
