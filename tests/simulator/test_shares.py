"""Shares and ratios are those of the settings, in every preset."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from simulator.comments import INTENTS
from simulator.generate import Simulation
from simulator.settings import preset

COUNTING = {
    *("click", "like", "view", "comment", "reserve", "search", "join", "share"),
    *("follow", "favourite", "cart_add", "gift", "order", "dwell", "refund", "dismiss"),
}


def test_ratios_of_a_real_live_log(log):
    kinds = log.truth.kinds
    clicks = kinds["click"]
    assert clicks / kinds["impression"] == pytest.approx(log.settings.click_share, rel=0.15)
    assert kinds["comment"] / clicks == pytest.approx(0.04, abs=0.012)
    assert kinds["like"] / clicks == pytest.approx(0.037, abs=0.012)
    assert kinds["gift"] / clicks == pytest.approx(0.015, abs=0.007)


def test_quick_leaves_and_returns(log):
    left = [event for event in log.events if event["kind"] == "dwell" and event.get("left")]
    quick = sum(event["visit_ms"] < 5_000 for event in left)
    assert quick / len(left) == pytest.approx(log.settings.quick_leave_share, abs=0.05)


def test_upper_slots_are_clicked_more(log):
    slot_of = {
        (e["request_id"], e["room_id"]): e["position"]
        for e in log.events
        if e["kind"] == "impression" and "room_id" in e
    }
    clicked = Counter(
        slot_of.get((e["request_id"], e["room_id"]), -1)
        for e in log.events
        if e["kind"] == "click" and "room_id" in e
    )
    assert clicked[0] > 1.5 * clicked[9]


def test_comments_are_in_two_languages_and_of_every_intent(log):
    texts = [event["text"] for event in log.events if event["kind"] == "comment"]
    chinese = sum(not text.isascii() for text in texts)
    assert 0.5 < chinese / len(texts) < 0.98
    assert set(log.truth.intents.values()) == {intent.name for intent in INTENTS}
    assert sum(intent.share for intent in INTENTS) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "lines", "low", "high"),
    [("bench", 60_000, 0.06, 0.14), ("bench_dense", 110_000, 0.24, 0.45)],
)
def test_bench_signals_an_event(name, lines, low, high):
    """The bench's world made small, so that it settles soon, gives as many slates an event."""
    settings = replace(preset(name), viewers=2_000, hosts=200, events_per_second=100.0)
    simulation = Simulation(settings, seed=1)
    newest, slates, total = {}, 0, 0
    for line in list(simulation.lines(lines))[lines // 2 :]:
        total += 1
        if b'"event_time_ms":' not in line or not line.endswith(b"}"):
            continue
        try:
            event = orjson.loads(line)
        except ValueError:
            continue
        if event.get("kind") in COUNTING and isinstance(event["event_time_ms"], int):
            who = event.get("user_id") or event.get("device_id") or event.get("nickname")
            second = event["event_time_ms"] // 1_000
            slates += newest.get(who) != second
            newest[who] = second
    assert low < slates / total < high
    kinds = simulation.truth.kinds
    assert 0.03 < kinds["click"] / kinds["impression"] < 0.1


def test_bench_is_the_size_that_was_asked_for():
    settings = preset("bench")
    assert (settings.viewers, settings.hosts, settings.tags) == (50_000, 2_000, 200)
    assert (settings.room_tags, settings.list_size, settings.live_share) == (3, 10, 1.0)
    lines = [orjson.loads(line) for line in Simulation(settings, 1).lines(12_000)]
    rooms = [event for event in lines if event["kind"] == "room"]
    assert len(rooms) == 2_000
    assert {event["status"] for event in rooms} == {"live"}
    assert all(len(set(event["tags"])) == 3 for event in rooms)
    assert len({tag for event in rooms for tag in event["tags"]}) == 200
