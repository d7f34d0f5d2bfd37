from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.beyond import PLACES
from evaluation.crowds import Crowd, Crowds, Opened, exposure_in
from evaluation.exposure import SIZES, exposure_of, exposure_sums, sizes
from evaluation.journal import read
from tests.evaluation.journals import START_MS, lines

seeds = st.integers(0, 10_000)


def spread(seed: int) -> list[dict[str, Any]]:
    """Rows whose rooms begin and end, with hosts of one room or several and slates by lot."""
    dice = np.random.default_rng(seed)
    rows = [json.loads(line) for line in lines(seed)]
    rooms = [row for row in rows if row["row"] == "room"]
    for number, row in enumerate(rooms):
        row["host_id"] = f"h{int(dice.integers(0, 7))}"
        row["as_of_ms"] = START_MS + int(dice.integers(0, 20_000))
        if number % 3 == 0:
            gone = {**row, "status": "ended", "version": 100 + number}
            rows.append({**gone, "as_of_ms": row["as_of_ms"] + int(dice.integers(1, 30_000))})
    for row in rows:
        if row["row"] == "list":
            count = int(dice.integers(0, len(rooms) + 1))
            row["slate"] = [f"r{room}" for room in dice.permutation(len(rooms))[:count]]
            row["explored"] = []
        elif row["row"] == "example":
            row["due_ms"] = row["shown_ms"] + int(dice.integers(0, 40_000))
    return rows


def naive(rows: list[dict[str, Any]], shown: dict[str, Any]) -> tuple[list[float], list[float]]:
    """One list's shares, counted anew from everything that was known by then."""
    now_ms = shown["shown_ms"]
    host: dict[str, str] = {}
    live: dict[str, bool] = {}
    told = [row for row in rows if row["row"] == "room"]
    for row in sorted(told, key=lambda row: (row["as_of_ms"], row["version"])):
        host[row["room_id"]] = row["host_id"]
        if row["as_of_ms"] <= now_ms:
            live[row["room_id"]] = row["status"] == "live"
    there = [host[room] for room, is_live in live.items() if is_live]
    items = {
        f"{row['request_id']}/{place}": room
        for row in rows
        if row["row"] == "list"
        for place, room in enumerate(row["rooms"])
    }
    met = {
        (row["user_id"], host[items[row["event_id"]]])
        for row in rows
        if row["row"] == "example" and row["engaged"] and row["due_ms"] <= now_ms
    }
    audience = {name: sum(one == name for _, one in met) for name in host.values()}
    ranked = sorted(audience[name] for name in set(there))
    first = shown["slate"][:PLACES]
    if not ranked or not first:
        return [math.nan] * 3, [math.nan] * 3

    def size(name: str) -> int:
        if audience[name] <= ranked[(len(ranked) + 1) // 2 - 1]:
            return 0
        return 2 if audience[name] > ranked[len(ranked) - 1 - len(ranked) // 10] else 1

    given = [0.0] * 3
    for place, room in enumerate(first):
        given[size(host[room])] += 1 / math.log2(place + 2)
    total = sum(given)
    shares = [sum(size(name) == one for name in there) / len(there) for one in range(3)]
    return [one / total for one in given], shares


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_exposure_is_what_counting_anew_for_every_list_gives(seed: int):
    rows = spread(seed)
    journal = read(json.dumps(row).encode() for row in rows)
    given_shares, there = exposure_of(journal)
    shown = sorted((row for row in rows if row["row"] == "list"), key=lambda row: row["shown_ms"])
    for place, row in enumerate(shown):
        wanted = naive(rows, row)
        assert given_shares[place] == pytest.approx(wanted[0], nan_ok=True)
        assert there[place] == pytest.approx(wanted[1], nan_ok=True)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 59))
def test_nothing_later_than_a_list_is_seen(seed: int, until: int):
    rows = spread(seed)
    now_ms = START_MS + until * 1_000
    first = [
        row
        for row in rows
        # Whose a room is must be known; when it goes live must not.
        if row["row"] == "room" or row["shown_ms"] <= now_ms
    ]
    whole, part = (
        exposure_of(read(json.dumps(row).encode() for row in held)) for held in (rows, first)
    )
    for long, short in zip(whole, part, strict=True):
        assert np.array_equal(long[: len(short)], short, equal_nan=True)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=60))
def test_small_are_at_least_half_of_the_live_hosts_and_large_at_most_a_tenth(
    hosts: list[tuple[int, int]],
):
    audience, rooms = (np.array(column) for column in zip(*hosts, strict=True))
    found = sizes(audience, rooms)
    live = rooms > 0
    if live.any():
        assert (found[live] == 0).mean() >= 0.5
        assert (found[live] == 2).mean() <= 0.1
        assert (np.diff(found[np.argsort(audience, kind="stable")]) >= 0).all(), "by audience"


def test_a_list_like_the_rooms_exposes_everyone_as_much():
    """In a log without any engagement all are small, and have all that there is."""
    rows = [json.loads(line) for line in lines(3)]
    for row in rows:
        if row["row"] == "example":
            row["engaged"] = 0
    journal = read(json.dumps(row).encode() for row in rows)
    sums = exposure_sums(journal.lists.user, exposure_of(journal), len(journal.users))
    above, below = sums["exposure.small"]
    assert above.sum() == pytest.approx(below.sum()) == pytest.approx(len(journal.lists))
    assert sums["exposure.large"][1].sum() == 0.0


def test_in_an_experiment_hosts_are_as_large_as_when_it_began():
    worlds = [Crowds(1), Crowds(2)]
    for world in worlds:
        for number in range(4):
            world.room(10 * number, f"r{number}", f"h{number}", True)
    for user in range(5):
        worlds[0].came(f"u{user}", "r3")
        worlds[0].came("u0", "r3")
        worlds[1].came(f"u{user}", "r0")
    worlds[0].came("u9", "unheard of")
    rows = [row for world in worlds for row in world.rows()]
    opened = [row for row in rows if isinstance(row, Opened)]
    crowds = [row for row in rows if isinstance(row, Crowd)]
    assert [(row.host_id, row.users) for row in crowds] == [("h3", 5), ("h0", 5)]
    shown = [(35, 1, ["r3", "r0"]), (35, 2, ["r3", "r0"]), (5, 1, ["r0"]), (35, 1, None)]
    given_shares, there = exposure_in(shown, opened, crowds)
    second = 1 / math.log2(3)
    assert given_shares[0] == pytest.approx([second / (1 + second), 1 / (1 + second), 0.0])
    assert given_shares[1] == pytest.approx([1 / (1 + second), second / (1 + second), 0.0])
    assert there[0] == pytest.approx([0.75, 0.25, 0.0])
    assert there[2] == pytest.approx([1.0, 0.0, 0.0]), "no other was live yet"
    assert np.isnan(given_shares[3]).all(), "not the policy's"
    assert len(SIZES) == 3
