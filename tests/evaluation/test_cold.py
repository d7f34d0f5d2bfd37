"""Who and what is cold, and what of it was found, counted anew from everything known by then."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.judged_more import Acted, Offered
from evaluation.cold import SORTS, cold_sums
from evaluation.journal import Journal, read
from evaluation.offers import HORIZON_MS
from tests.evaluation.journals import ROOMS, lines

Counted = dict[tuple[str, str, bool], list[int]]


def journal_of(seed: int) -> tuple[list[dict[str, Any]], Journal]:
    """Rows with slates by lot; labels are known at times of their own, some before a later list."""
    dice = np.random.default_rng(seed)
    rows = [json.loads(line) for line in lines(seed)]
    for row in rows:
        if row["row"] == "list":
            row["slate"] = [f"r{room}" for room in dice.permutation(ROOMS)]
            row["explored"] = []
            row["ranks"] = [rank if dice.random() < 0.9 else -1 for rank in row["ranks"]]
        elif row["row"] == "example":
            row["due_ms"] = row["shown_ms"] + int(dice.integers(0, 40_000))
    return rows, read([json.dumps(row).encode() for row in rows])


def naive(rows: list[dict[str, Any]]) -> Counted:
    """For each user, sort and whether it was known: engagements found, and all."""
    host = {row["room_id"]: row["host_id"] for row in rows if row["row"] == "room"}
    shown = {row["request_id"]: row for row in rows if row["row"] == "list"}
    engaged = [
        (row["due_ms"], row["user_id"], request_id, int(place))
        for row in rows
        if row["row"] == "example" and row["engaged"]
        for request_id, place in [row["event_id"].split("/")]
    ]
    counted: Counted = {}
    for _, user, request_id, place in engaged:
        listed = shown[request_id]
        room = listed["rooms"][place]
        if listed["ranks"][place] < 0:
            continue
        before = [
            (who, shown[other]["rooms"][at])
            for due_ms, who, other, at in engaged
            if due_ms <= listed["shown_ms"]
        ]
        known = {
            "users": any(who == user for who, _ in before),
            "rooms": any(one == room for _, one in before),
            "hosts": any(host[one] == host[room] for _, one in before),
        }
        for sort, is_known in known.items():
            sums = counted.setdefault((user, sort, is_known), [0, 0])
            sums[0] += room in listed["slate"][:10]
            sums[1] += 1
    return counted


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_what_was_cold_is_told_from_all_that_was_known_by_then(seed: int):
    rows, journal = journal_of(seed)
    found, expected = cold_sums(journal), naive(rows)
    for sort in ("users", "rooms", "hosts"):
        for state in ("cold", "known"):
            above, below = found[f"{state}.{sort}.recall@10"]
            for place, user in enumerate(journal.users):
                sums = expected.get((user, sort, state == "known"), [0, 0])
                assert [above[place], below[place]] == sums


def test_a_product_is_cold_until_somebody_did_something_about_it():
    offers = (
        Offered(1_000, "u1", [], ["p1", "p2"], []),
        Offered(9_000, "u1", [], ["p1"], []),
    )
    acts = (
        Acted(2_000, "u1", "products", "p1"),  # new, and listed
        Acted(3_000, "u1", "products", "p3"),  # new, and not listed
        Acted(9_500, "u1", "products", "p1"),  # known by the second list
        Acted(9_600, "u1", "hosts", "p1"),
        Acted(9_000 + HORIZON_MS + 1, "u1", "products", "p1"),  # long after it
        Acted(1_500, "u2", "products", "p1"),  # of one without a list
    )
    journal = Journal(("u1", "u2"), read([]).lists, read([]).examples, read([]).rooms, offers, acts)
    found = cold_sums(journal)
    assert [one.tolist() for one in found["cold.products.recall"]] == [[1, 0], [2, 0]]
    assert [one.tolist() for one in found["known.products.recall"]] == [[1, 0], [1, 0]]


@pytest.mark.parametrize("sort", SORTS)
def test_a_log_without_lists_has_no_such_figure(sort: str):
    made = cold_sums(read([]))
    assert all(not below.size for name, (_, below) in made.items() if f".{sort}." in name)
