"""Sides name what a user and a room have, within bounds, and are kept as they were when shown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import kinds
from features.sides import KINDS, SideSettings, room_side, room_side_of, user_side
from features.vector import VectorSettings, View
from flows.settings import Settings
from models.factor_settings import FactorSettings
from tests.line import Line, Teller

ON = Settings(factors=FactorSettings(on=True))
VECTOR = VectorSettings()
_names = st.text("abcdef", min_size=1, max_size=3)
_units = st.integers(-20_000, 50_000)


def view_of(
    tags: dict[str, int], hosts: dict[str, float], recent: list[tuple[str, float, float]]
) -> View:
    weights = {tag: (0, 0, units, units) for tag, units in tags.items()}
    return View(weights, {}, 1.0, hosts, {}, None, 0.0, 0.0, [], recent)


@given(
    st.dictionaries(_names, _units),
    st.dictionaries(_names, st.floats(-1.0, 1.0)),
    st.dictionaries(_names, st.floats(-1.0, 1.0), max_size=5),
    st.integers(1, 6),
)
def test_a_user_s_side_has_unit_length_and_the_strongest_names(
    tags: dict[str, int], hosts: dict[str, float], rooms: dict[str, float], names_max: int
):
    recent = [(room_id, 0.5, value) for room_id, value in rooms.items()]
    view = view_of(tags, hosts, recent)
    side = dict(user_side(view, SideSettings(names_max=names_max), VECTOR))
    known = any(tags.values()) or any(hosts.values()) or any(0.5 * v for v in rooms.values())
    if known:
        assert math.sqrt(sum(value**2 for value in side.values())) == pytest.approx(1.0)
    for kind, held in (("tag ", tags), ("host ", hosts)):
        named = {name.removeprefix(kind) for name in side if name.startswith(kind)}
        present = [name for name, value in held.items() if value]
        assert len(named) == min(len(present), names_max)
        weakest = min((abs(held[name]) for name in named), default=0.0)
        assert all(abs(held[name]) <= weakest for name in present if name not in named)


def test_only_the_kinds_that_are_asked_for_stand_on_a_side():
    view = view_of({"tea": 2_000}, {"h": 0.5}, [("r", 1.0, 0.5)])
    for kind, name in zip(KINDS, ("tag tea", "host h", "room r"), strict=True):
        settings = SideSettings(user=(kind,), room=(kind,))
        assert [found for found, _ in user_side(view, settings, VECTOR)] == [name]
        assert [found for found, _ in room_side(["tea"], "h", "r", settings)] == [name]
    assert room_side(["tea", "cup"], "h", "r", SideSettings()) == [
        *(("tag tea", 0.5), ("tag cup", 0.5)),
        *(("host h", 1.0), ("room r", 1.0)),
    ]
    with pytest.raises(ValueError, match=r"user names \['moods'\]; use of tags, hosts, rooms"):
        SideSettings(user=("moods",))


def test_an_example_has_the_sides_as_they_were_when_it_was_shown(say: Teller):
    line = Line(ON, decides=False)
    line.feed([say.room("a", "tea"), say.room("b", "cup tea")])
    line.feed([say(kinds.Share, 5.0, "u", room_id="a")])
    line.feed(say.shown(10.0, "u", "q", "a b nowhere"))
    line.feed([say(kinds.Share, 12.0, "u", room_id="b")])
    line.feed(say.shown(14.0, "u", "q", "b a")[:1])
    line.feed([say(kinds.Click, 15.0, "u", room_id="b", request_id="q")], done=True)
    # By position; the later run had b at the top once more.
    first, later, second, unknown = [one for one in line.made.examples if one.ordered < 0]
    content = line.runtime.scenes.content(line.seq)
    theirs = [room_side_of(content, one, ON.sides) for one in ("a", "b", "nowhere", "b")]
    assert [one.room_side for one in (first, second, unknown, later)] == theirs
    assert unknown.room_side == []
    names = [{name for name, _ in one.user_side} for one in (first, later)]
    assert names == [
        {"tag tea", "host host-a", "room a"},
        {"tag tea", "tag cup", "host host-a", "host host-b", "room a", "room b"},
    ]


def test_off_nothing_of_it_is_kept(say: Teller):
    line = Line(Settings(), decides=False)
    line.feed([say.room("a", "tea"), say(kinds.Share, 5.0, "u", room_id="a")])
    line.feed(say.shown(10.0, "u", "q", "a"))
    user = line.observe[0].people.get("u", 0)
    assert user is not None
    assert user.lists[0].sides == []
    assert not user.recent
    line.feed([say(kinds.Click, 11.0, "u", room_id="a", request_id="q")], done=True)
    assert [(one.user_side, one.room_side) for one in line.made.examples[:1]] == [([], [])]
