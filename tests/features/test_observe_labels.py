"""What was shown and what came of it: the examples of whole stories, with vectors as shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from events import kinds
from features.join import JoinSettings
from features.people import People
from features.user import User
from features.vector import names
from flows.settings import Settings
from tests.line import START_MS, Line, Teller

NAMES = names(8)
SIZES = {"a": 1, "b": 2, "c": 3, "d": 4}
Labels = list[tuple[str, int, int, int]]


@pytest.fixture
def line(say: Teller) -> Line:
    made = Line(decides=False)
    rooms = [say.room(name, "tea", products=["p1"], host_id="h1") for name in ("a", "b", "c")]
    made.feed([say.product("p1", "puer", price=40.0), *rooms, say.room("d", "silk", host_id="h2")])
    return made


def labels(line: Line) -> Labels:
    """Room, engaged, left, ordered of every example so far."""
    return [(e.room_id, e.engaged, e.left, e.ordered) for e in line.made.examples]


def feature(example: Any, name: str) -> float:
    return float(np.frombuffer(example.x, "<f8")[NAMES.index(name)])


def until(line: Line, say: Teller, at_s: float) -> None:
    """Let the clock move on by another user's doing."""
    line.feed([say(kinds.Enter, at_s, "somebody", room_id="a")])


def act(say: Teller, kind: type, at_s: float, room_id: str, **fields: Any) -> Any:
    return say(kind, at_s, "u1", room_id=room_id, **fields)


def buy(say: Teller, at_s: float, room_id: str, order_id: str = "o1") -> Any:
    fields = {"order_id": order_id, "product_id": "p1", "amount": 40.0}
    return act(say, kinds.Order, at_s, room_id, **fields)


def test_a_clicked_list_closes_half_a_minute_after_its_last_click(line: Line, say: Teller):
    line.feed([*say.shown(10, "u1", "q1", "a b c"), act(say, kinds.Click, 20, "b")])
    until(line, say, 59.9)
    assert labels(line) == []
    until(line, say, 60.0)
    assert labels(line) == [("a", 0, -1, -1), ("b", 1, -1, -1), ("c", 0, -1, -1)]
    assert {e.due_ms for e in line.made.examples} == {START_MS + 50_000}
    positions = [feature(e, "list_position") for e in line.made.examples]
    assert positions == pytest.approx([1.0, 0.5, 1 / 3])


def test_clicks_on_and_on_close_a_list_at_its_horizon(line: Line, say: Teller):
    clicks = [act(say, kinds.Click, at_s, "b") for at_s in range(20, 600, 25)]
    line.feed([*say.shown(10, "u1", "q1", "a b c"), *clicks])
    until(line, say, 619.9)
    assert labels(line) == []
    until(line, say, 620.0)
    assert labels(line) == [("a", 0, -1, -1), ("b", 1, -1, -1), ("c", 0, -1, -1)]
    assert {e.due_ms for e in line.made.examples} == {START_MS + 610_000}


def test_a_list_that_a_click_has_closed_wakes_nobody_at_its_horizon(
    line: Line, say: Teller, monkeypatch: pytest.MonkeyPatch
):
    line.feed([*say.shown(10, "u1", "q1", "a b c"), act(say, kinds.Click, 20, "b")])
    until(line, say, 60.0)
    woken: list[str] = []
    get = People.get

    def noted(people: People, user_id: str, clock_ms: int) -> User | None:
        woken.append(user_id)
        return get(people, user_id, clock_ms)

    monkeypatch.setattr(People, "get", noted)
    until(line, say, 700.0)
    assert "u1" not in woken
    until(line, say, 1_900.0)
    assert "u1" in woken, "the click's order has not come"


def test_what_counts_as_engaged_and_as_left(line: Line, say: Teller):
    line.feed(
        [
            *say.shown(10, "u1", "q1", "a b c d"),
            act(say, kinds.Click, 11, "a"),
            act(say, kinds.Dwell, 14, "a", dwell_ms=2_000, left=True),
            act(say, kinds.Comment, 15, "b", text="好"),
            act(say, kinds.Dwell, 16, "b", dwell_ms=8_000, left=True),
            act(say, kinds.Dismiss, 17, "c"),
            act(say, kinds.Dwell, 18, "d", dwell_ms=9_000, visit_ms=30_000),
        ],
        done=True,
    )
    assert labels(line)[:4] == [("a", 1, 1, -1), ("b", 1, 0, -1), ("c", 0, 1, -1), ("d", 1, 0, -1)]


def test_an_untouched_list_waits_for_the_horizon_and_is_sampled(line: Line, say: Teller):
    for number in range(100):
        line.feed(say.shown(10, f"u{number}", f"q{number}", "a b c d"))
    until(line, say, 619.9)
    assert labels(line) == []
    until(line, say, 620)
    assert 20 < len(line.made.examples) < 60
    assert {(e.engaged, e.sampled, e.weight) for e in line.made.examples} == {(0, True, 10.0)}
    assert {e.due_ms for e in line.made.examples} == {START_MS + 610_000}


def test_a_fourth_list_closes_the_oldest_then_and_there(line: Line, say: Teller):
    line.feed([*say.shown(10, "u1", "q1", "a b"), act(say, kinds.Click, 11, "a")])
    for number in (2, 3, 4):
        line.feed(say.shown(10 + number, "u1", f"q{number}", "c"))
    assert labels(line) == [("a", 1, -1, -1), ("b", 0, -1, -1)]
    assert {e.due_ms for e in line.made.examples} == {START_MS + 14_000}
    assert line.observe[0].totals()["lists_crowded_out"] == 1


def test_a_late_row_s_examples_are_not_due_before_the_watermark(line: Line, say: Teller):
    """LEARN has closed the seconds before the watermark for good."""
    until(line, say, 2_000)
    line.feed([*say.shown(1_000, "u1", "q1", "a b"), act(say, kinds.Click, 1_001, "a")])
    until(line, say, 2_001)
    assert {e.due_ms for e in line.made.examples} == {START_MS + 1_990_000}


def test_an_order_is_learnt_when_it_comes_and_unlearnt_by_its_refund(line: Line, say: Teller):
    line.feed([*say.shown(10, "u1", "q1", "a b"), act(say, kinds.Click, 11, "a")])
    until(line, say, 100)
    del line.made.examples[:]
    line.feed([buy(say, 900, "a")])
    refund = say(kinds.Refund, 90_000, "u1", order_id="o1", product_id="p1")
    line.feed([refund, say(kinds.Refund, 90_001, "u1", order_id="o1", product_id="p1")], done=True)
    assert labels(line) == [("a", -1, -1, 1), ("a", -1, -1, 0)]
    assert [e.due_ms - START_MS for e in line.made.examples] == [900_000, 90_000_000]


def test_an_order_within_the_open_list_is_learnt_when_it_closes(line: Line, say: Teller):
    line.feed(
        [*say.shown(10, "u1", "q1", "a b"), act(say, kinds.Click, 11, "a"), buy(say, 20, "a")]
    )
    until(line, say, 2_500)
    assert labels(line) == [("a", 1, -1, -1), ("b", 0, -1, -1), ("a", -1, -1, 1)]
    assert {e.due_ms for e in line.made.examples} == {START_MS + 41_000}


def test_every_click_without_an_order_is_learnt_after_half_an_hour(line: Line, say: Teller):
    """Also that of a second list, and of a second room of one list."""
    line.feed([*say.shown(10, "u1", "q1", "a b"), act(say, kinds.Click, 11, "a")])
    line.feed([act(say, kinds.Click, 12, "b")])
    line.feed([*say.shown(200, "u1", "q2", "c d"), act(say, kinds.Click, 201, "c")])
    line.feed([buy(say, 300, "b")])
    until(line, say, 1_819.9)
    assert [label for label in labels(line) if label[3] == 0] == []
    until(line, say, 1_820)
    assert [label for label in labels(line) if label[3] == 0] == [("a", -1, -1, 0)]
    until(line, say, 2_010)
    assert [label for label in labels(line) if label[3] == 0] == [
        ("a", -1, -1, 0),
        ("c", -1, -1, 0),
    ]
    assert [e.due_ms - START_MS for e in line.made.examples if e.ordered == 0] == [
        1_810_000,
        2_000_000,
    ]


def test_labels_go_to_the_list_that_feedback_names(line: Line, say: Teller):
    line.feed([*say.shown(10, "u1", "q1", "a b"), *say.shown(12, "u1", "q2", "a c")])
    line.feed([act(say, kinds.Click, 13, "a", request_id="q1")])
    until(line, say, 60)
    assert labels(line) == [("a", 1, -1, -1), ("b", 0, -1, -1)]
    assert {e.request_id for e in line.made.examples} == {"q1"}


def test_the_vector_is_that_of_the_moment_of_showing(line: Line, say: Teller):
    """What is learnt later about user and room does not flow back."""
    line.feed(
        [
            act(say, kinds.Share, 5, "a"),
            say(kinds.Follow, 5, "u1", host_id="h1"),
            buy(say, 6, "b"),
            *say.shown(8, "u1", "q0", "b"),
            *say.shown(10, "u1", "q1", "a b d"),
            act(say, kinds.Click, 12, "a", request_id="q1"),
            act(say, kinds.Gift, 13, "d", amount=9.0),
            say(kinds.Unfollow, 14, "u1", host_id="h1"),
        ]
    )
    until(line, say, 100)
    first, second, third = (e for e in line.made.examples if e.request_id == "q1")
    # Units: tea 3 (share); the order points at its product, the follow at a host without tags.
    assert feature(first, "tag_match_10m") == pytest.approx(3 / (3 + 2))
    assert feature(first, "tag_match_7d") == pytest.approx(3 / (3 + 16))
    assert feature(third, "tag_match_10m") == 0.0
    # Host: share 3, follow 3, order 6.
    assert feature(first, "host_affinity") == pytest.approx(12 / (12 + 4))
    assert [feature(e, "host_followed") for e in (first, third)] == [1.0, 0.0]
    assert [feature(e, "price_fit") for e in (first, third)] == [1.0, 0.0]
    assert [feature(e, "room_shown_before") for e in (first, second)] == [0.0, pytest.approx(1 / 3)]
    # Two signals count: the follow of a host who is not in the catalogue waits.
    assert feature(first, "user_activity") == pytest.approx(2 / 22)


def test_a_room_that_nobody_knows_has_a_plain_vector(line: Line, say: Teller):
    line.feed([*say.shown(10, "u1", "q1", "nobody a"), act(say, kinds.Click, 12, "a")])
    until(line, say, 100)
    unknown = line.made.examples[0]
    assert unknown.room_id == "nobody"
    assert feature(unknown, "list_position") == 1.0
    assert [feature(unknown, name) for name in NAMES[:20]] == [0.0] * 20


def test_products_shown_are_counted_and_not_learnt(line: Line, say: Teller):
    fields = {"request_id": "q1", "position": 0, "surface": "feed"}
    line.feed([say(kinds.Impression, 10, "u1", product_id="p1", **fields)], done=True)
    assert line.observe[0].totals()["product_impressions"] == 1
    assert labels(line) == []


def test_shown_in_vain_lowers_a_tag_s_lift(line: Line, say: Teller):
    """Who clicks one tag and passes over another has a lift for the one, and less for the other."""
    for number in range(6):
        at_s = 100 * number
        line.feed(
            [*say.shown(at_s, "u1", f"q{number}", "a d"), act(say, kinds.Click, at_s + 1, "a")]
        )
    until(line, say, 2_000)
    liked, passed = (e for e in line.made.examples if e.request_id == "q5" and e.ordered == -1)
    assert feature(liked, "tag_lift") > 1.0
    assert feature(passed, "tag_lift") < -0.5


def test_what_engages_is_for_the_platform_to_say(say: Teller):
    """Where a long stay alone engages, a like is no engagement, and so no label."""
    chosen = dataclasses.replace(JoinSettings(), engaging=("dwell",), untouched_share=1.0)
    line = Line(dataclasses.replace(Settings(), join=chosen), decides=False)
    line.feed([say.room(name, "tea") for name in "ab"])
    line.feed([*say.shown(10, "u1", "q1", "a"), act(say, kinds.Like, 12, "a")])
    line.feed([*say.shown(20, "u1", "q2", "b")])
    line.feed([act(say, kinds.Dwell, 60, "b", dwell_ms=40_000, long=True)], done=True)
    engaged = {e.room_id: e.engaged for e in line.made.examples if e.ordered == -1}
    assert engaged == {"a": 0, "b": 1}
    with pytest.raises(ValueError, match="engaging names"):
        JoinSettings(engaging=("dwel",))


def test_who_clicks_the_large_has_a_lift_for_what_is_large(say: Teller):
    line = Line(decides=False)
    line.feed([say.room(name, "tea", attributes={"size": size}) for name, size in SIZES.items()])
    for number in range(6):
        at_s = 100 * number
        line.feed(
            [*say.shown(at_s, "u1", f"q{number}", "a d"), act(say, kinds.Click, at_s + 1, "d")]
        )
    line.feed(say.shown(700, "u1", "new", "b c"))
    line.feed([act(say, kinds.Click, 701, "c")], done=True)
    small, large = (e for e in line.made.examples if e.request_id == "new" and e.ordered == -1)
    assert feature(large, "attribute_lift") > 0.2
    assert feature(small, "attribute_lift") < -0.2


def test_a_list_passed_over_counts_when_the_next_is_shown(line: Line, say: Teller):
    line.feed([act(say, kinds.Click, 5, "a")])
    for number in range(3):
        line.feed(say.shown(20 + 10 * number, "u1", f"q{number}", "a"))
    line.feed([act(say, kinds.Click, 45, "a", request_id=f"q{number}") for number in range(3)])
    line.feed([], done=True)
    shown = {e.request_id: feature(e, "tag_lift") for e in line.made.examples if e.ordered == -1}
    assert shown["q0"] > shown["q1"] > shown["q2"]


def test_a_zone_changes_the_hour_at_once(line: Line, say: Teller):
    """Signals at 00:00 UTC: seen from Shanghai, where it is 08:00, the hour looks unused."""
    line.feed([act(say, kinds.Share, at_s, "a") for at_s in (10, 20, 30)])
    zone = say(kinds.User, 32, "u1", timezone="Asia/Shanghai")
    line.feed([*say.shown(31, "u1", "q1", "a"), zone, *say.shown(33, "u1", "q2", "a")])
    clicks = [act(say, kinds.Click, 40, "a", request_id=name) for name in ("q1", "q2")]
    line.feed(clicks, done=True)
    hours = [feature(e, "hour_activity") for e in line.made.examples if e.engaged == 1]
    assert hours[0] > 0.5
    assert hours[1] == 0.0


def test_what_a_full_list_shows_further_is_left_out_and_counted(line: Line, say: Teller):
    rooms = " ".join(f"x{number}" for number in range(60))
    line.feed(say.shown(1, "u", "q", rooms))
    line.feed(say.shown(1.5, "u", "q", "y1 y2"))
    assert line.observe[0].totals()["list_items_cut"] == 2


def test_who_enters_a_room_watches_it_for_long_or_does_not(line: Line, say: Teller):
    """By the length of the visit or the platform's own verdict; of others nothing is said."""
    line.feed(say.shown(10, "u1", "q1", "a b c d"))
    stays: list[tuple[str, dict[str, Any]]] = [
        ("a", {"dwell_ms": 40_000, "left": True}),
        ("b", {"dwell_ms": 9_000, "left": True, "long": True}),
        ("c", {"dwell_ms": 9_000, "left": True}),
    ]
    for number, (room_id, fields) in enumerate(stays):
        line.feed([act(say, kinds.Dwell, 60 + number, room_id, **fields)])
    until(line, say, 2_000)
    assert [example.watched for example in line.made.examples] == [1, 1, 0, -1]
    line.feed(say.shown(3_000, "u1", "q2", "a b"))
    line.feed([act(say, kinds.Dwell, 3_001, "a", dwell_ms=900, left=True)])
    until(line, say, 5_000)
    assert next(e.watched for e in line.made.examples if e.request_id == "q2") == 0
