"""Laws of OBSERVE on random logs: no cut, no shard count and no restart changes what comes out."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.envelope import seal
from events.errors import StateError
from features.more import MoreSettings
from features.observe import ObserveShard
from features.observe_state import unpack_state
from flows.settings import Settings
from tests.line import Line, Made
from tests.shelves import Cabinet
from tests.small_world import ROWS, cut_places, random_log, seeds


def in_one_order(made: Made) -> tuple[Any, ...]:
    """What a line made; rows of several shards have no order between them."""
    steps, tags, examples, erased, decisions, writes = made.settled()
    return (
        sorted(steps, key=lambda step: (step.clock_ms, step.user_id)),
        sorted(examples, key=lambda example: (example.due_ms, example.user_id, example.event_id)),
        tags,
        sorted(erased),
        sorted(decisions, key=lambda d: (d.event_time_ms, d.user_id, d.seq)),
        writes,
    )


def figures(line: Line) -> dict[str, int]:
    totals: dict[str, int] = {}
    for shard in line.observe:
        for name, count in shard.totals().items():
            totals[name] = totals.get(name, 0) + count
    # How many users are held depends on when the idle ones are swept.
    del totals["users"]
    return totals


@settings(max_examples=50, deadline=None)
@given(seeds, cut_places)
def test_no_cut_into_rounds_changes_anything(seed: int, cuts: list[int]):
    log = random_log(seed)
    whole, cut = Line(decides=False), Line(decides=False)
    whole.feed(log, done=True)
    cut.feed(log, cuts, done=True)
    assert cut.made.settled() == whole.made.settled()
    assert figures(cut) == figures(whole)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_rounds_of_one_row_and_several_shards_change_nothing(seed: int):
    log = random_log(seed)
    whole, cut = Line(decides=False), Line(shards=3, decides=False)
    whole.feed(log, done=True)
    cut.feed(log, range(ROWS), done=True)
    assert in_one_order(cut.made) == in_one_order(whole.made)
    assert figures(cut) == figures(whole)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 5))
def test_a_restart_after_every_round_changes_nothing(seed: int, every: int):
    """The whole line, to its decisions, goes through its bytes at rest again and again."""
    log = random_log(seed)
    whole, line = Line(), Line(shards=2)
    whole.feed(log, done=True)
    for begin in range(0, ROWS, every):
        line.feed(log[begin : begin + every], done=begin + every >= ROWS)
        line = line.resumed()
    assert in_one_order(line.made) == in_one_order(whole.made)
    assert figures(line) == figures(whole)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 9))
def test_users_on_shelves_restarted_again_and_again_change_nothing(seed: int, every: int):
    """One user a shard is in memory at most; all others go to the shelf and come back."""
    log = random_log(seed)
    whole = Line()
    usual = whole.settings
    few = dataclasses.replace(
        usual,
        people=dataclasses.replace(usual.people, shelved_hot_users_max=1),
        push=dataclasses.replace(usual.push, shelved_hot_users_max=1),
    )
    line = Line(few, shards=2, cabinet=Cabinet())
    whole.feed(log, done=True)
    for begin in range(0, ROWS, every):
        line.feed(log[begin : begin + every], done=begin + every >= ROWS)
        if begin % 2:
            line = line.resumed()
        else:
            for shard in line.observe + line.decide:
                shard.write()
    assert in_one_order(line.made) == in_one_order(whole.made)
    assert figures(line) == figures(whole)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_a_restored_shard_has_the_same_bytes(seed: int):
    line = Line(decides=False)
    line.feed(random_log(seed), range(0, ROWS, 7))
    stored = line.observe[0].snapshot()
    assert line.observe[0].snapshot() == stored
    again = ObserveShard(line.runtime.observe, 0)
    again.restore(stored)
    assert again.snapshot() == stored


@settings(max_examples=30, deadline=None)
@given(seeds, cut_places)
def test_a_table_that_is_late_makes_rows_wait_and_changes_nothing(seed: int, waits: list[int]):
    """Rows, the catalogue and the tables may reach a process in any order between them."""
    log = random_log(seed)
    whole, slow = Line(decides=False), Line(decides=False)
    whole.feed(log, done=True)
    held: list[Any] = []
    for number, event in enumerate(log):
        split = slow.split([event], number == ROWS - 1)
        shard = slow.observe[0]
        named = slow.identity.apply(split.identity)
        shard.apply(split.shards[0])
        if number % 3:
            out = shard.drain()
            slow.made.take(out)
        if split.shards[0].identity:
            shard.apply_identity(named)
        held.append(split)
        if number not in waits or split.done:
            for known in held:
                slow.know(known)
            held.clear()
        slow.made.take(shard.drain())
        restored = ObserveShard(slow.runtime.observe, 0)
        restored.restore(shard.snapshot())
        slow.observe[0] = restored
    assert not slow.observe[0].is_waiting
    assert slow.made.settled() == whole.made.settled()
    assert figures(slow) == figures(whole)


def test_cut_damaged_or_other_state_is_refused_with_a_reason():
    line = Line(decides=False)
    line.feed(random_log(3))
    stored, fresh = line.observe[0].snapshot(), ObserveShard(line.runtime.observe, 0)
    for size in (0, 1, 17, 18, 100, len(stored) // 2, len(stored) - 1):
        with pytest.raises(StateError, match="damaged"):
            fresh.restore(stored[:size])
    for place in range(0, len(stored), len(stored) // 40):
        spoilt = bytearray(stored)
        spoilt[place] ^= 16
        with pytest.raises(StateError):
            fresh.restore(bytes(spoilt))
    with pytest.raises(StateError, match=r"^the stored state of a shard of OBSERVE has layout 0"):
        fresh.restore(stored[:4] + b"\x00\x00" + stored[6:])


def test_state_of_the_layout_before_is_read():
    """Its users end before the rooms that they engaged with last, and the lists beside slates."""
    off = dataclasses.replace(Settings(), more=MoreSettings(on=False))
    line, alike = Line(off, decides=False), Line(off, decides=False)
    log = random_log(3)
    for one in (line, alike):
        one.feed(log[:40])
    state = unpack_state(line.observe[0].snapshot())
    for user_id, packed in state.people.items():
        fields = msgspec.msgpack.decode(packed)
        assert [fields.pop() for _ in range(6)] == [[], 0, 0, {}, {}, {}]
        state.people[user_id] = msgspec.msgpack.encode(fields)
    old = seal(b"LLOB", 2, msgspec.msgpack.encode(state))
    line.observe[0] = ObserveShard(line.runtime.observe, 0)
    line.observe[0].restore(old)
    for one in (line, alike):
        one.feed(log[40:], done=True)
    assert line.made.settled() == alike.made.settled()
