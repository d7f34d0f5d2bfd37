"""NEIGHBOURS as a step goes on from what it stored, also before there were users in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from features.audience import ENGAGED
from features.neighbours import NeighbourSettings
from flows.messages import NeighbourRows
from flows.neighbours_step import NeighboursStep
from flows.runtime import Runtime
from flows.settings import Settings

START_MS = 1_767_225_600_000


def begun(users: bool, state: bytes | None = None) -> NeighboursStep:
    chosen = NeighbourSettings(on=True, publish_s=10, users=users)
    return NeighboursStep(Runtime(Settings(neighbours=chosen)), state)


def told(users: bool) -> NeighboursStep:
    """Four users have gone from a to b, and a table was made of it."""
    step = begun(users)
    rows = [(ENGAGED, START_MS, START_MS, f"u{n}", room_id) for n in range(4) for room_id in "ab"]
    step.take([NeighbourRows(rows, START_MS + 60_000, False)])
    return step


def resent(step: NeighboursStep) -> list[Any]:
    [message] = step.resend()
    return [table.pack() for table in message.tables]


@pytest.mark.parametrize("users", [False, True])
def test_tables_that_may_still_be_used_outlast_the_process(users: bool):
    step = told(users)
    assert len(resent(step)) == 1
    assert resent(begun(users, step.pack())) == resent(step)


def test_state_of_before_there_were_users_is_read():
    step = told(False)
    fields = msgspec.msgpack.decode(step.pack())
    assert [len(table) for table in fields[1]] == [4]
    assert len(fields.pop()) == 1
    again = begun(True, msgspec.msgpack.encode(fields))
    assert resent(again) == resent(step)
