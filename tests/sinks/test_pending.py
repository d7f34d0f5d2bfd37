from __future__ import annotations

import msgspec
import pytest

from decisions.outputs import Push
from sinks.pending import PendingPushes

DAY = 86_400_000


def push(number: int) -> Push:
    return Push(f"p{number}", "u", number, b"{}")


def test_a_push_leaves_two_epochs_later_and_in_order():
    pending = PendingPushes(hold_epochs=2, ids_kept_ms=DAY)
    left = []
    for epoch in range(5):
        pending.add([push(2 * epoch), push(2 * epoch + 1)])
        left.append([int(p.push_id[1:]) for p in pending.release()])
        pending.seal()
    assert left == [[], [], [0, 1], [2, 3], [4, 5]]
    assert len(pending) == 4


def test_what_is_recalled_never_leaves():
    pending = PendingPushes(hold_epochs=1, ids_kept_ms=DAY)
    other = Push("p9", "other", 9, b"{}")
    pending.add([push(1), other])
    pending.recall(["u"])
    assert b"p1" not in pending.snapshot()
    pending.add([push(2)])
    pending.seal()
    assert pending.release() == [other, push(2)], "what is decided later leaves"


def test_a_replay_holds_nothing():
    pending = PendingPushes(hold_epochs=0, ids_kept_ms=DAY)
    pending.add([push(1)])
    assert pending.release() == [push(1)]
    assert pending.release() == []


def test_what_a_snapshot_holds_leaves_at_once_after_a_restore():
    pending = PendingPushes(hold_epochs=2, ids_kept_ms=DAY)
    pending.add([push(1)])
    pending.seal()
    data = pending.snapshot()
    resumed = PendingPushes(hold_epochs=2, ids_kept_ms=DAY)
    resumed.restore(data)
    resumed.add([push(2)])
    assert resumed.release() == [push(1)]


def test_ids_are_kept_for_everything_that_a_crash_may_send_again():
    pending = PendingPushes(hold_epochs=0, ids_kept_ms=7 * DAY)
    forgotten = []
    for epoch in range(1, 6):
        pending.add([push(epoch * 100 * DAY)])  # a replay passes months in an epoch
        pending.release()
        pending.seal()
        forgotten.append(pending.forget_before_ms // DAY)
    assert forgotten == [0, 0, 93, 193, 293]
    resumed = PendingPushes(hold_epochs=0, ids_kept_ms=7 * DAY)
    resumed.restore(pending.snapshot())
    assert resumed.forget_before_ms == pending.forget_before_ms


def test_a_state_of_another_version_is_refused():
    with pytest.raises(ValueError, match="state version 9, this program reads 1"):
        PendingPushes(2, DAY).restore(msgspec.msgpack.encode([9, 0, []]))
