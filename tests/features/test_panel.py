"""A panel has the last rooms of who was active last, names nobody, and crosses processes whole."""

from __future__ import annotations

import pytest

from events.errors import StateError
from features.neighbours import Neighbours, NeighbourSettings
from features.panel import NO_PANEL, Panel, panel_of

USERS = [(f"person-{number}", list("abcdef")[: 2 + number % 4]) for number in range(20)]


def rooms_of(panel: Panel, row: int) -> list[str]:
    return [panel.ids[place] for place in panel.rows[row].tolist() if place < len(panel.ids)]


def test_each_finds_their_own_row_and_nobody_else_has_one():
    panel = panel_of(60, USERS)
    assert len(panel.rows) == len(USERS)
    for user, rooms in USERS:
        assert rooms_of(panel, panel.row_of(user)) == rooms
    assert panel.row_of("somebody") == NO_PANEL.row_of("person-1") == -1


def test_whoever_has_one_room_alone_tells_nothing():
    panel = panel_of(60, [("one", ["a"]), ("two", ["a", "b"])])
    assert panel.row_of("one") == -1
    assert panel.rows.tolist() == [[0, 1]]
    assert panel_of(60, [("one", ["a"])]) is NO_PANEL


def test_it_names_nobody_and_another_seconds_panel_tells_not_who_is_who():
    panel, later = panel_of(60, USERS), panel_of(120, USERS)
    assert b"person" not in panel.pack()
    assert not set(panel.marks.tolist()) & set(later.marks.tolist())


def test_the_order_of_users_changes_nothing():
    assert panel_of(60, USERS).pack() == panel_of(60, reversed(USERS)).pack()


@pytest.mark.parametrize("panel", [NO_PANEL, panel_of(60, USERS)])
def test_what_was_packed_is_what_comes_out(panel: Panel):
    unpacked = Panel.unpack(panel.pack())
    assert unpacked.pack() == panel.pack()
    assert unpacked.rows.shape == panel.rows.shape


def test_bytes_that_cannot_be_read_say_so():
    packed = bytearray(panel_of(60, USERS).pack())
    packed[4:6] = bytes(2)
    with pytest.raises(StateError, match=r"^the stored state of a panel of users has layout 0"):
        Panel.unpack(bytes(packed))


def test_the_latest_are_those_who_engaged_last_with_several():
    kernel = Neighbours(NeighbourSettings())
    for second, (user, item) in enumerate([("u", "a"), ("v", "a"), ("w", "a"), ("u", "b"),
                                           ("v", "b"), ("x", "a"), ("u", "a")]):  # fmt: skip
        kernel.engage(user, item, float(second))
    assert list(kernel.latest(5)) == [("u", ["a", "b"]), ("v", ["a", "b"])]
    assert list(kernel.latest(1)) == [("u", ["a", "b"])]
