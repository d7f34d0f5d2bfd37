from __future__ import annotations

import random
from typing import Any

import msgspec
import numpy as np
import pytest

from evaluation.trial import Served, Watched, compare_arms, read_arm
from evaluation.trial_page import render_trial

USERS, LISTS = 30, 300


def lines(seed: int, gain: float, rooms: int = 20) -> list[bytes]:
    """Lists whose worth to a user is the same in every arm, but for the gain."""
    dice = random.Random(seed)
    rows: list[Served | Watched] = []
    for number in range(LISTS):
        user = dice.randrange(USERS)
        shown = [f"r{dice.randrange(rooms)}" for _ in range(4)]
        rows.append(
            Served(
                1_000 * number,
                number % 2,
                f"u{user}",
                number % 5 > 0,
                user / USERS + gain + dice.gauss(0.0, 0.05),
                shown,
                [f"h{room}" for room in shown],
                number % 3,
            )
        )
    rows += [Watched(0, f"u{user}", 60_000 * user) for user in range(USERS)]
    return [msgspec.json.encode(row) for row in rows]


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    arms = [
        read_arm(name, lines(seed, gain, rooms))
        for seed, (name, gain, rooms) in enumerate(
            [("plain", 0.0, 10), ("same", 0.0, 10), ("better", 0.1, 20)]
        )
    ]
    return {"worlds": 2, "minutes": 5.0, **compare_arms(arms, 400, 1)}


def test_a_user_or_room_of_one_world_is_not_that_of_another():
    arm = read_arm("one", lines(1, 0.0))
    assert len(set(arm.users)) == len(arm.users)
    assert {user.split("/")[0] for user in arm.users} == {"0", "1"}
    assert arm.met.shape == (len(arm.users), 40)
    assert arm.minutes.sum() == sum(range(USERS)), "who watched in world 0 alone"


def test_means_are_over_lists(figures: dict[str, Any]):
    rows = [msgspec.json.decode(line) for line in lines(0, 0.0, 10)]
    worth = [row["utility"] for row in rows if row["row"] == "list"]
    found = figures["arms"]["plain"]["figures"]
    assert found["utility"]["value"] == pytest.approx(np.mean(worth), rel=1e-5)
    decided = [row["utility"] for row in rows if row["row"] == "list" and row["decided"]]
    assert found["decided_utility"]["value"] == pytest.approx(np.mean(decided), rel=1e-5)
    assert found["decided"]["value"] == pytest.approx(0.8)
    assert found["clicks"]["value"] == pytest.approx(1.0)


def test_a_gain_is_found_and_none_is_not(figures: dict[str, Any]):
    better = figures["arms"]["better"]["differences"]
    assert better["utility"]["real"]
    assert better["utility"]["low"] < 0.1 < better["utility"]["high"]
    assert better["rooms_effective"]["real"]
    assert not figures["arms"]["same"]["differences"]["utility"]["real"]


def test_rooms_that_all_get_the_same_are_all_effective():
    rows = [Served(n, 0, "u", True, 0.0, [f"r{n % 8}"], [f"h{n % 8}"]) for n in range(16)]
    arm = read_arm("even", map(msgspec.json.encode, rows))
    found = compare_arms([arm], 10, 1)["arms"]["even"]["figures"]
    assert found["rooms_effective"]["value"] == pytest.approx(8.0)
    assert found["gini_hosts"]["value"] == pytest.approx(0.0)
    assert found["rooms_shown"]["value"] == 8.0


def test_the_page_names_every_arm(figures: dict[str, Any]):
    page = render_trial(figures)
    for name in figures["arms"]:
        assert f">{name}</span>" in page
    assert "https:" not in page
    assert "http:" not in page
