"""Little stories of one or two users: what they did, and what OBSERVE then knows and asks."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from events import kinds
from features.user import DAY_MS
from tests.line import START_MS, Line, Teller

TEA = {"room_id": "tea"}


@pytest.fixture
def line(say: Teller) -> Line:
    """A world of two live rooms and a product, known from the start."""
    made = Line(decides=False)
    made.feed(
        [
            say.product("p1", "puer", price=40.0),
            say.room("tea", "green tea", host_id="h1", products=["p1"]),
            say.room("silk", "silk", host_id="h2"),
            say(kinds.Host, 0, host_id="h1", tags=["master"]),
        ]
    )
    return made


def counts(line: Line) -> dict[str, int]:
    return {name: count for name, count in line.observe[0].totals().items() if count}


def wishes(line: Line) -> list[tuple[float, str]]:
    """When a slate was asked for, in seconds, and for whom."""
    return [((step.clock_ms - START_MS) / 1000, step.user_id) for step in line.made.wishes]


def test_likes_change_the_tags_of_their_room(line: Line, say: Teller):
    made = line.feed([say(kinds.Like, 10, "u1", count=2, **TEA), say(kinds.Share, 20, "u1", **TEA)])
    assert made.weights == {"u1": {"green": [4, 4, 4, 4], "tea": [4, 4, 4, 4]}}
    version, body = made.tags["u1"][-1]
    assert version == START_MS + 2
    assert orjson.loads(body)["as_of_ms"] == START_MS + 20_000


def test_a_signal_moves_down_the_windows_as_time_passes(line: Line, say: Teller):
    made = line.feed([say(kinds.Click, 10, "u1", **TEA)])
    made = line.feed([say(kinds.Click, 700, "u1", room_id="silk")])
    assert made.weights["u1"]["tea"] == [0, 1, 1, 1]
    made = line.feed([say(kinds.Click, 100_000, "u1", room_id="silk")])
    assert made.weights["u1"]["tea"] == [0, 0, 0, 1]
    assert made.weights["u1"]["silk"] == [1, 1, 1, 2]


def test_what_is_on_air_counts_too(line: Line, say: Teller):
    on_air = say(kinds.OnAir, 5, room_id="tea", product_id="p1", point="aged")
    made = line.feed([on_air, say(kinds.Click, 10, "u1", **TEA)])
    assert sorted(made.weights["u1"]) == ["aged", "green", "puer", "tea"]
    made = line.feed([say(kinds.CartAdd, 11, "u2", product_id="p1", **TEA)])
    assert made.weights["u2"] == {"puer": [3, 3, 3, 3]}
    made = line.feed([say(kinds.Search, 12, "u3", query="Aged Tea?")])
    assert made.weights["u3"] == {"aged": [2, 2, 2, 2], "tea": [2, 2, 2, 2]}
    made = line.feed([say(kinds.Follow, 13, "u4", host_id="h1")])
    assert made.weights["u4"] == {"master": [3, 3, 3, 3]}


def test_slates_are_asked_for_at_most_once_a_second_and_none_is_forgotten(line: Line, say: Teller):
    line.feed([say(kinds.Click, at_s, "u1", **TEA) for at_s in (10.0, 10.2, 10.9)])
    assert wishes(line) == [(10.0, "u1")]
    line.feed([say(kinds.Enter, 10.95, "u2", **TEA)])
    assert len(wishes(line)) == 1
    line.feed([say(kinds.Click, 15, "u2", **TEA)])
    assert wishes(line) == [(10.0, "u1"), (11.0, "u1"), (15.0, "u2")]
    left_over = line.made.wishes[1].wish
    assert left_over.view.weights["tea"][0] == 3_000
    line.feed([say(kinds.Enter, 60, "u2", **TEA)], done=True)
    assert len(wishes(line)) == 3


def test_a_slate_left_over_at_the_log_s_end_is_still_asked_for(line: Line, say: Teller):
    line.feed([say(kinds.Click, at_s, "u1", **TEA) for at_s in (10.0, 10.2)], done=True)
    assert wishes(line) == [(10.0, "u1"), (11.0, "u1")]


def test_impressions_and_entries_ask_for_nothing(line: Line, say: Teller):
    line.feed([*say.shown(10, "u1", "q1", "tea silk"), say(kinds.Enter, 11, "u1", **TEA)])
    assert wishes(line) == []
    assert line.made.tags == {}


def test_a_mute_asks_at_once_and_lasts_until_it_is_taken_back(line: Line, say: Teller):
    line.feed([say(kinds.Click, 10, "u1", **TEA), say(kinds.Mute, 10.5, "u1", host_id="h1")])
    assert wishes(line) == [(10.0, "u1"), (10.5, "u1")]
    assert line.made.wishes[-1].wish.muted_hosts == ["h1"]
    line.feed([say(kinds.Mute, 11, "u1", tag="silk"), say(kinds.Unmute, 12, "u1", host_id="h1")])
    last = line.made.wishes[-1].wish
    assert (last.muted_hosts, last.muted_tags) == ([], ["silk"])


@pytest.mark.parametrize(("stay_ms", "out_s"), [(4_000, 1_800), (40_000, 120)])
def test_a_room_just_left_is_kept_out_longer_by_who_left_at_once(
    stay_ms: int, out_s: int, line: Line, say: Teller
):
    left = say(kinds.Dwell, 10, "u1", dwell_ms=stay_ms, left=True, **TEA)
    line.feed([left, say(kinds.Click, out_s, "u1", room_id="silk")])
    assert line.made.wishes[-1].wish.seen_rooms == ["tea"]
    before = counts(line)["kept_out_left"]
    line.feed([say(kinds.Click, out_s + 11, "u1", room_id="silk")])
    assert line.made.wishes[-1].wish.seen_rooms == []
    assert counts(line)["kept_out_left"] == before > 0


def test_a_room_passed_over_in_every_open_list_is_kept_out_until_one_closes(
    line: Line, say: Teller
):
    for number in range(2):
        line.feed(say.shown(10 + number, "u1", f"q{number}", "tea"))
    line.feed([say(kinds.Share, 12.5, "u1", room_id="silk")])
    assert line.made.wishes[-1].wish.seen_rooms == []
    line.feed(say.shown(13, "u1", "q2", "tea"))
    line.feed([say(kinds.Share, 14, "u1", room_id="silk")])
    assert line.made.wishes[-1].wish.seen_rooms == ["tea"]
    assert counts(line)["kept_out_passed_over"] == 1
    line.feed([say(kinds.Share, 700, "u1", room_id="silk")])
    assert line.made.wishes[-1].wish.seen_rooms == []


def test_rooms_passed_over_are_counted_until_they_are_touched(line: Line, say: Teller):
    shown = [*say.shown(10, "u1", "q1", "tea silk"), *say.shown(12, "u1", "q2", "silk")]
    line.feed([*shown, say(kinds.Click, 15, "u1", request_id="q1", **TEA)])
    assert line.made.wishes[-1].wish.shown == {"silk": 2}
    line.feed([say(kinds.Click, 16, "u1", room_id="silk")])
    assert line.made.wishes[-1].wish.shown == {"silk": 1}


def test_an_event_of_an_unknown_room_waits_out_the_lateness_and_then_counts(
    line: Line, say: Teller
):
    line.feed([say(kinds.Click, 10, "u1", room_id="new"), say(kinds.Click, 11, "u1", room_id="?")])
    line.feed([say.room("new", "jade", 5), say(kinds.Enter, 19.9, "u2", **TEA)])
    assert line.made.tags == {}
    line.feed([say(kinds.Enter, 20.0, "u2", **TEA)])
    assert line.made.weights == {"u1": {"jade": [1, 1, 1, 1]}}
    assert wishes(line) == [(20.0, "u1")]
    assert "unknown_item" not in counts(line)
    line.feed([say(kinds.Enter, 21.0, "u2", **TEA)])
    assert counts(line)["unknown_item"] == 1


def test_a_repeated_event_counts_once_within_two_minutes(line: Line, say: Teller):
    click = say(kinds.Click, 10, "u1", **TEA)
    line.feed([click, click, say(kinds.Enter, 140, "u2", **TEA), click])
    assert counts(line)["duplicates"] == 2
    assert line.made.weights["u1"]["tea"] == [1, 1, 1, 1]
    line.feed([say(kinds.Enter, 141, "u2", **TEA), click])
    assert counts(line)["duplicates"] == 2


def test_a_late_event_counts_in_the_windows_that_still_hold_it(line: Line, say: Teller):
    line.feed([say(kinds.Click, 9 * 86_400, "u1", **TEA)])
    for days, windows in ((0.9, [1, 1, 2, 2]), (6, [1, 1, 2, 3])):
        line.feed([say(kinds.Click, (9 - days) * 86_400, "u1", **TEA)])
        assert line.made.weights["u1"]["tea"] == windows
    line.feed([say(kinds.Click, 0, "u1", **TEA)])
    assert line.made.weights["u1"]["tea"] == [1, 1, 2, 3]
    assert (counts(line)["late"], counts(line)["too_old"]) == (3, 1)


def agree(say: Teller, at_s: float, yes: bool) -> Any:
    return say(kinds.User, at_s, "u1", consent=kinds.Consent(profiling=yes))


def test_without_consent_nothing_is_kept_or_learnt(line: Line, say: Teller):
    made = line.feed([say(kinds.Click, 10, "u1", **TEA), *say.shown(11, "u1", "q1", "tea")])
    before = made.tags["u1"][-1][0]
    line.feed([agree(say, 20, False)])
    assert line.made.erased == ["u1"]
    assert line.made.tags == {}
    line.feed([say(kinds.Click, 30, "u1", **TEA), *say.shown(31, "u1", "q2", "tea")])
    assert (line.made.tags, counts(line)["no_consent"]) == ({}, 2)
    line.feed([agree(say, 40, True), say(kinds.Click, 41, "u1", room_id="silk")], done=True)
    assert line.made.weights["u1"] == {"silk": [1, 1, 1, 1]}
    assert line.made.tags["u1"][-1][0] > before
    assert line.made.examples == []


def test_without_consent_pushes_still_obey(line: Line, say: Teller):
    wishes_of_pushes = [
        say(kinds.PushDisable, 21, "u1"),
        say(kinds.ReserveCancel, 22, "u1", **TEA),
        say(kinds.Mute, 23, "u1", host_id="h1"),
    ]
    made = line.feed([agree(say, 20, False), *wishes_of_pushes])
    assert [step.fact for step in made.steps][1:] == wishes_of_pushes
    assert made.wishes == []


def test_an_erased_user_is_in_no_byte_of_the_state(line: Line, say: Teller):
    gone = "gone-by-now"
    line.feed(
        [
            *say.shown(1, gone, "q1", "tea"),
            say(kinds.Click, 2, gone, request_id="q1", **TEA),
            say(kinds.Click, 2.5, gone, **TEA),
            say(kinds.Click, 3, gone, room_id="unknown"),
        ]
    )
    assert gone.encode() in line.observe[0].snapshot()
    line.feed([say(kinds.Erase, 4, gone), say(kinds.Enter, 5, "u2", **TEA)])
    assert gone.encode() not in line.observe[0].snapshot()


def test_an_erased_user_starts_from_nothing(line: Line, say: Teller):
    line.feed(
        [
            say(kinds.Click, 10, "u1", **TEA),
            say(kinds.Follow, 10, "u1", host_id="h1"),
            *say.shown(10, "u1", "q1", "tea"),
            say(kinds.Click, 12, "u1", room_id="named later"),
            say(kinds.Erase, 13, "u1"),
            say.room("named later", "jade", 1),
            say(kinds.Click, 14, "u1", room_id="silk"),
        ],
        done=True,
    )
    assert line.made.erased == ["u1"]
    assert line.made.weights == {"u1": {"silk": [1, 1, 1, 1]}}
    assert line.made.wishes[-1].wish.view.follows == {}
    assert line.made.examples == []


def test_a_linked_device_s_signals_count_for_the_person_once(line: Line, say: Teller):
    by_device = {"device_id": "d1"}
    link = say(kinds.IdentityLink, 30, "u1", **by_device)
    made = line.feed([say(kinds.Click, 10, **by_device, **TEA), say(kinds.Click, 12, "u1", **TEA)])
    assert made.weights["device:d1"]["tea"] == [1, 1, 1, 1]
    made = line.feed([link, link, say(kinds.Click, 31, **by_device, **TEA)])
    assert made.erased == ["device:d1"]
    assert made.weights == {"u1": {"green": [3, 3, 3, 3], "tea": [3, 3, 3, 3]}}
    assert counts(line)["linked"] == 1
    gone = [step for step in made.steps if isinstance(step.fact, kinds.IdentityLink)]
    assert [step.user_id for step in gone] == ["device:d1"]


def test_who_is_silent_for_long_is_told_of_before_being_forgotten(line: Line, say: Teller):
    """One round may span months: what was known before the silence is not lost."""
    line.feed(
        [
            say(kinds.Click, 10, "u1", **TEA),
            say(kinds.Enter, 40 * 86_400, "u1", **TEA),
            say(kinds.Enter, 80 * 86_400, "u2", **TEA),
        ]
    )
    assert line.made.weights == {"u1": {"green": [1, 1, 1, 1], "tea": [1, 1, 1, 1]}}
    line.feed([say(kinds.Click, 81 * 86_400, "u1", room_id="silk")])
    version, _ = line.made.tags["u1"][-1]
    assert version == START_MS + 81 * DAY_MS + 1


def test_tags_beyond_the_limit_are_dropped_and_counted(line: Line, say: Teller):
    line.feed([say(kinds.Dismiss, 10 + n / 100, "u1", tag=f"tag {n:03}") for n in range(300)])
    assert counts(line)["tags_dropped"] == 44
    assert len(line.made.weights["u1"]) == 256
