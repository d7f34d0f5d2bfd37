"""The closed loop: viewers see what they are given, and react to what reaches them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from events.decode import Decoder
from events.letters import DeadLetter
from simulator.live import LiveWorld
from simulator.settings import preset

CLEAN = replace(preset("demo"), duplicate_share=0, disorder_share=0, late_share=0, broken_share=0)
MINUTE_MS = 60_000


def live(world: LiveWorld, ms: int) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in world.step(world.now_ms + ms)]


def play(world: LiveWorld, scene: str) -> list[dict[str, Any]]:
    world.protagonist.play(scene)
    events = []
    while world.protagonist.busy:
        events += live(world, 1_000)
    return [event for event in events if event.get("user_id") == world.protagonist.user_id]


def live_rooms(events: list[dict[str, Any]]) -> list[str]:
    return [e["room_id"] for e in events if e["kind"] == "room" and e["status"] == "live"]


def test_steps_cover_all_time_once_and_repeat_with_the_seed():
    whole, parts = LiveWorld(preset("demo"), 3), LiveWorld(preset("demo"), 3)
    start_ms = whole.now_ms
    at_once = whole.step(start_ms + 2 * MINUTE_MS)
    in_parts = []
    for second in range(1, 121):
        in_parts += parts.step(start_ms + 1_000 * second)
    assert in_parts == at_once
    assert parts.now_ms == start_ms + 2 * MINUTE_MS
    assert parts.truth.lines == len(at_once)
    assert not [row for row in Decoder().decode_all(at_once) if row is None]


def test_a_given_list_is_shown_once_as_it_was_given():
    world = LiveWorld(CLEAN, 1)
    rooms = live_rooms(live(world, MINUTE_MS))[:4]
    me = world.protagonist.user_id
    items = [rooms[2], "no-such-room", rooms[0], rooms[2], rooms[3]]
    assert world.viewer_responds(me, items, [0.5, 0.4, 0.3, 0.2, 0.1], request_id="mine")
    shown = [e for e in play(world, "look") if e["kind"] == "impression"]
    assert [e["room_id"] for e in shown] == [rooms[2], rooms[0], rooms[3]]
    assert [e["propensity"] for e in shown] == [0.5, 0.3, 0.1]
    assert [e["position"] for e in shown] == [0, 1, 2]
    assert {(e["request_id"], e["surface"]) for e in shown} == {("mine", "recs")}
    again = [e for e in play(world, "look") if e["kind"] == "impression"]
    assert {e["surface"] for e in again} == {"feed"}


def test_lists_for_strangers_and_lists_that_do_not_fit_are_refused():
    world = LiveWorld(CLEAN, 1)
    assert not world.viewer_responds("nobody", ["r00001"])
    assert not world.push("p1", "nobody", "r00001")
    with pytest.raises(ValueError, match="2 items, but 1 propensities"):
        world.viewer_responds(world.protagonist.user_id, ["r00001", "r00002"], [0.5])


def test_the_crowd_clicks_more_of_what_it_likes():
    """Lists by the latent taste win more clicks than lists against it: the loop is closed."""
    clicks = {}
    for better in (True, False):
        world = LiveWorld(CLEAN, 5)
        rooms: dict[str, list[str]] = {}
        shown = clicked = 0
        for _ in range(60):
            events = live(world, 20_000)
            for event in events:
                if event["kind"] == "room":
                    rooms.pop(event["room_id"], None)
                    if event["status"] == "live":
                        rooms[event["room_id"]] = event["tags"]
                shown += event.get("surface") == "recs"
                clicked += event["kind"] == "click" and event.get("request_id", "")[:1] == "x"
            for i, user_id in enumerate(sorted({e["user_id"] for e in events if "user_id" in e})):
                taste = world.truth.taste(user_id, world.now_ms)
                fit = sorted(rooms, key=lambda r: -sum(taste.get(t, 0.0) for t in rooms[r]))
                items = fit[:8] if better else fit[-8:]
                world.viewer_responds(user_id, items, request_id=f"x{world.now_ms}-{i}")
        assert shown > 1_000
        clicks[better] = clicked / shown
    assert clicks[True] > 2.0 * clicks[False]


def test_pushes_are_delivered_and_some_are_opened():
    world = LiveWorld(CLEAN, 2)
    events = live(world, MINUTE_MS)
    room = live_rooms(events)[0]
    users = sorted({e["user_id"] for e in events if e["kind"] == "user"})[:60]
    for user_id in users:
        assert world.push(f"push-{user_id}", user_id, room)
    after = live(world, 3 * MINUTE_MS)
    ids = {
        kind: {e["push_id"] for e in after if e["kind"] == kind}
        for kind in ("push_sent", "push_delivered", "push_open")
    }
    assert ids["push_sent"] == {f"push-{user_id}" for user_id in users}
    assert len(ids["push_sent"]) >= len(ids["push_delivered"]) > 0.8 * len(users)
    assert 0 < len(ids["push_open"]) < len(users)
    assert ids["push_open"] <= ids["push_delivered"]


def test_the_protagonist_turns_from_one_interest_to_another():
    world = LiveWorld(CLEAN, 1)
    role = world.protagonist
    world.step(world.now_ms + MINUTE_MS)
    habit = play(world, "habit")
    before_ms = world.now_ms - 1
    turn = play(world, "turn")
    old, new = role.interests
    assert (old, new) == ("零食", "数码")
    assert world.truth.top_tags(role.user_id, before_ms, 1)[0][0] == old
    assert world.truth.top_tags(role.user_id, world.now_ms, 1)[0][0] == new
    assert {"user", "search", "click", "follow", "reserve"} <= {e["kind"] for e in habit}
    assert {"search", "click", "enter", "like", "comment", "cart_add"} <= {e["kind"] for e in turn}
    stayed = [e for e in turn if e["kind"] == "dwell" and e.get("left")]
    assert stayed[0]["visit_ms"] > 100_000
    lines = [orjson.dumps(event) for event in habit + turn]
    assert not [row for row in Decoder().decode_all(lines) if isinstance(row, DeadLetter)]


def test_scenes_do_not_overlap():
    world = LiveWorld(CLEAN, 1)
    world.protagonist.play("look")
    with pytest.raises(RuntimeError, match="still under way"):
        world.protagonist.play("turn")
    with pytest.raises(KeyError):
        world.protagonist.play("nonsense")
