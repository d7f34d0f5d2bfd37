"""Laws of DECIDE on random logs: cuts, waits and restarts change nothing, and versions grow."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.decide import DecideShard
from decisions.settings import SlateSettings
from events import kinds
from events.envelope import seal, unseal
from events.errors import StateError
from flows.settings import Settings
from tests.line import FOREVER_S, Line
from tests.small_world import ROWS, SmallWorld, cut_places, random_log, seeds

SMALL = dataclasses.replace(Settings(), slate=SlateSettings(items_max=2, pool=5, host_max=1))


def by_user(decisions: list[Any]) -> list[Any]:
    return sorted(decisions, key=lambda d: (d.event_time_ms, d.user_id, d.seq))


@settings(max_examples=40, deadline=None)
@given(seeds, cut_places, st.sampled_from([1, 3]))
def test_neither_cuts_nor_shards_change_what_is_decided(seed: int, cuts: list[int], shards: int):
    log = random_log(seed)
    whole, cut = Line(SMALL), Line(SMALL, shards)
    whole.feed(log, done=True)
    cut.feed(log, cuts, done=True)
    assert by_user(cut.made.decisions) == by_user(whole.made.decisions)
    assert cut.made.settled()[-1] == whole.made.settled()[-1]
    assert sorted(p.payload for p in cut.made.pushes) == sorted(
        p.payload for p in whole.made.pushes
    )
    figures = [sum(shard.totals()["slates"] for shard in line.decide) for line in (whole, cut)]
    logged = sum(decision.type == "slate" for decision in whole.made.decisions)
    assert figures[0] == figures[1] >= logged, "who was erased is in the log no more"


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_decisions_are_in_order_and_versions_only_grow(seed: int):
    line = Line(SMALL)
    made = line.feed(random_log(seed), range(0, ROWS, 5), done=True)
    times: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for decision in made.decisions:
        value = orjson.loads(decision.value)
        assert value["push_id" if decision.type == "push" else "version"]
        times[decision.user_id].append((decision.event_time_ms, decision.seq))
    for held in times.values():
        assert held == sorted(held), "by time, also where one comes long after it was due"
        assert len(set(held)) == len(held)
    for writes in made.writes.values():
        versions = [write.version for write in writes]
        assert versions == sorted(set(versions))
    sent = [orjson.loads(d.value) for d in made.decisions if d.type == "push"]
    ids = [push["push_id"] for push in sent if push["sent"]]
    left = {push.push_id for push in made.pushes}
    assert [push.push_id for push in made.pushes] == [one for one in ids if one in left]


def observed(log: list[Any]) -> tuple[Line, list[Any]]:
    """A process that knows all, and what OBSERVE made of each row."""
    line, rounds = Line(SMALL, decides=False), []
    for number, event in enumerate(log):
        split = line.split([event], number == len(log) - 1)
        line.know(split)
        named = line.identity.apply(split.identity)
        shard = line.observe[0]
        shard.apply(split.shards[0])
        shard.apply_identity(named)
        rounds.append(shard.drain())
    return line, rounds


@settings(max_examples=25, deadline=None)
@given(seeds, st.lists(st.booleans(), min_size=ROWS, max_size=ROWS))
def test_weights_that_are_late_make_steps_wait_and_restarts_lose_none(
    seed: int, arrives: list[bool]
):
    """The shard goes through its bytes at rest after every round, waiting or not."""
    line, rounds = observed(random_log(seed))
    boards, context = line.runtime.boards, line.runtime.decide
    for out in rounds:
        for example in out.examples:
            line.learn.add(example)
    tables = line.learn.close(FOREVER_S)
    slow, decisions, published = DecideShard(context, 0), [], 0
    for out, now in zip(rounds, arrives, strict=True):
        slow.apply(out.steps, out.ends)
        if now:
            clock_s = (out.ends[-1][0] if out.ends else 0) // 1000
            while published < len(tables) and tables[published][0] <= clock_s:
                boards.tables.publish(*tables[published])
                published += 1
            boards.tables.advance(clock_s)
        out_now = slow.drain()
        decisions = [one for one in decisions if one.user_id not in out_now.forgotten]
        decisions += out_now.decisions
        stored = slow.snapshot()
        slow = DecideShard(context, 0)
        slow.restore(stored)
        assert slow.snapshot() == stored
    for table in tables:
        boards.tables.publish(*table)
    boards.tables.advance(FOREVER_S)
    out_now = slow.drain()
    decisions = [one for one in decisions if one.user_id not in out_now.forgotten]
    decisions += out_now.decisions
    assert not slow.is_waiting
    quick = DecideShard(context, 0)
    for out in rounds:
        quick.apply(out.steps, out.ends)
    decided = quick.drain()
    assert decisions == decided.decisions
    assert decided.done


def test_cut_damaged_or_other_state_is_refused_with_a_reason():
    line = Line(SMALL)
    line.feed(random_log(3))
    stored, fresh = line.decide[0].snapshot(), DecideShard(line.runtime.decide, 0)
    for size in (0, 1, 17, 18, 100, len(stored) // 2, len(stored) - 1):
        with pytest.raises(StateError, match="damaged"):
            fresh.restore(stored[:size])
    for place in range(0, len(stored), max(1, len(stored) // 40)):
        spoilt = bytearray(stored)
        spoilt[place] ^= 16
        with pytest.raises(StateError):
            fresh.restore(bytes(spoilt))
    with pytest.raises(StateError, match=r"^the stored state of a shard of DECIDE has layout 0"):
        fresh.restore(stored[:4] + b"\x00\x00" + stored[6:])


@pytest.mark.parametrize(("layout", "cut"), [(3, [[], 1000, []]), (5, [1000, []]), (6, [[]])])
def test_state_of_the_layouts_before_is_read(say: Any, layout: int, cut: list[Any]):
    """Views end before segments, the strongest tag, or recent rooms; old wishes end sooner too."""
    line = Line(SMALL)
    line.feed([say.room("r1", "tea"), say(kinds.Click, 30.0, "u0", room_id="r1")])
    stored = line.decide[0].snapshot()
    fields = msgspec.msgpack.decode(unseal(b"LLDE", 7, stored))
    _, _, wish, _ = fields[5]["u0"]
    assert wish[2][-len(cut) :] == cut
    del wish[2][-len(cut) :]
    if layout == 3:
        assert [wish.pop() for _ in range(4)] == [None, None, None, False]
    fresh = DecideShard(line.runtime.decide, 0)
    fresh.restore(seal(b"LLDE", layout, msgspec.msgpack.encode(fields)))
    kept = msgspec.msgpack.decode(unseal(b"LLDE", 7, fresh.snapshot()))[5]["u0"][2]
    assert kept[2] == [*wish[2], *([[], 0, []][-len(cut) :])]


def test_a_silent_user_s_counters_are_let_go(say: Any):
    line = Line(SMALL)
    log = SmallWorld(say, 1, anonymous=False).log(60)
    line.feed(log)
    before = len(line.decide[0].snapshot())
    last_s = (line.clock_ms - say.start_ms) / 1000
    line.feed([say(kinds.Enter, last_s + 401 * 86_400, "u9", room_id="r1")])
    assert len(line.decide[0].snapshot()) < before / 3
