"""Stored push state is taken up whole or not at all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.push.policy import PushPolicy
from decisions.push.settings import PushSettings
from events import kinds
from events.errors import StateError


@pytest.fixture(scope="module")
def stored() -> bytes:
    policy = PushPolicy(PushSettings(), 3)
    follow = kinds.Follow(event_id="e", event_time_ms=5, user_id="ann", host_id="h1")
    policy.apply(follow, 5, "ann")
    return policy.snapshot()


def restore(data: bytes, shard: int = 3) -> PushPolicy:
    policy = PushPolicy(PushSettings(), shard)
    policy.restore(data)
    return policy


def test_a_snapshot_of_a_restored_policy_is_the_same_bytes(stored):
    again = restore(stored)
    assert again.snapshot() == stored
    assert again.clock_ms == 5


def test_every_truncation_is_noticed(stored):
    for cut in range(len(stored)):
        with pytest.raises(StateError):
            restore(stored[:cut])


@given(st.data())
def test_every_changed_byte_is_noticed(stored, data):
    place = data.draw(st.integers(0, len(stored) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda v: v != stored[place]))
    with pytest.raises(StateError):
        restore(stored[:place] + bytes([value]) + stored[place + 1 :])


@pytest.mark.parametrize("junk", [b"", b"\x90", b"\xc0", b"{}", b"\x93\x01\x02\x03", b"x" * 99])
def test_what_is_not_a_snapshot_is_refused(junk):
    with pytest.raises(StateError):
        restore(junk)


def test_another_layout_says_what_to_do(stored):
    frame = msgspec.msgpack.decode(stored)
    other = msgspec.msgpack.encode([2, *frame[1:]])
    with pytest.raises(StateError, match="layout 2, this version reads layout 1"):
        restore(other)


def test_another_shards_state_is_refused(stored):
    with pytest.raises(StateError, match="push shard 3, not 4"):
        restore(stored, shard=4)


def test_a_failed_restore_leaves_the_policy_as_it_was(stored):
    policy = restore(stored)
    with pytest.raises(StateError):
        policy.restore(stored[:-1])
    assert policy.snapshot() == stored


def test_rooms_told_before_or_after_restore_are_due_alike(world):
    w = world().agrees("ann").room("r1", "scheduled", 5).does("ann", kinds.Reserve, room_id="r1")
    stored, plain = w.policy.snapshot(), w.until(6).told()
    for before in (True, False):
        other = world()
        for tells in (before, not before):
            if tells:
                other.policy.recall(w.rooms["r1"])
            else:
                other.policy.restore(stored)
        assert other.until(6).told() == plain == [(3, "ann", "reminder"), (4.75, "ann", "reminder")]
