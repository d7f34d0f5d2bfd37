"""One story for each reason not to send."""

from __future__ import annotations

import pytest

from decisions.push.triggers.registry import TRIGGERS
from decisions.push.wording import WHY, WHY_NOT, words
from events import kinds


def no_consent(w):
    w.does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)


def no_profiling_consent(w):
    w.does("ann", kinds.User, consent=kinds.Consent(push=True, profiling=False))
    w.does("ann", kinds.CartAdd, product_id="p1").room("r1", "live", 0, products=("p1",))


def opted_out(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1").does("ann", kinds.PushDisable)
    w.agrees("ann").room("r1", "live", 0)


def muted(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1").does("ann", kinds.Mute, tag="snacks")
    w.room("r1", "live", 0, tags=("digital", "snacks"))


def ended(w):
    w.agrees("ann").room("r1", "scheduled", 5).does("ann", kinds.Reserve, room_id="r1")
    w.at(1).room("r1", "ended", 5)


def expired(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1").at(5).room("r1", "live", 4)


def duplicate(w):
    w.agrees("ann").does("ann", kinds.CartAdd, product_id="p1")
    w.room("r1", "scheduled", 1, products=("p1",)).until(1).room("r1", "live", 1, products=("p1",))


def already_watching(w):
    w.agrees("ann").does("ann", kinds.CartAdd, product_id="p1").room("r1", "live", 0)
    w.does("ann", kinds.Enter, room_id="r1").at(0.1).airs("r1", "p1")


def quiet_hours(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1").at(12).room("r1", "live", 12)


def cap_hour(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1")
    for i in range(3):
        w.at(i * 0.3).room(f"r{i}", "live", i * 0.3)


def cap_day(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1")
    for i in range(3):
        w.at(i * 2).room(f"r{i}", "live", i * 2)
    w.does("ann", kinds.CartAdd, product_id="p1").at(6).airs("r0", "p1").at(8).airs("r1", "p1")
    w.at(9).room("r9", "scheduled", 9.5).does("ann", kinds.Reserve, room_id="r9").until(9.5)


def min_gap(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    w.at(0.1).room("r2", "live", 0.1)


def fatigue(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    w.does("ann", kinds.PushDismiss, push_id="x").at(0.5).room("r2", "live", 0.5)


def cap_trigger(w):
    w.agrees("ann").does("ann", kinds.Follow, host_id="h1")
    for i in range(4):
        w.at(i * 2).room(f"r{i}", "live", i * 2)


STORIES = (
    *(no_consent, no_profiling_consent, opted_out, muted, ended, expired, duplicate),
    *(already_watching, quiet_hours, cap_hour, cap_day, min_gap, fatigue, cap_trigger),
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_last_push_of_the_story_is_refused_for_its_reason(world, story):
    w = world()
    story(w)
    assert w.decisions[-1].reason == story.__name__
    assert not any(d.reason for d in w.decisions[:-1])
    assert w.policy.counts["refused_by"] == {story.__name__: 1}


def test_each_reason_has_a_story_and_words_in_both_languages():
    assert tuple(story.__name__ for story in STORIES) == tuple(WHY_NOT)
    for code in (*WHY, *WHY_NOT):
        zh, en = words(code, ("X",), "zh"), words(code, ("X",), "en")
        assert zh != en
        assert "{" not in zh + en
    assert words("unheard_of", (), "en") == "unheard_of"
    assert len({trigger.name for trigger in TRIGGERS}) == len(TRIGGERS)


def test_the_first_reason_in_the_order_is_the_one_told(world):
    w = world().does("ann", kinds.Follow, host_id="h1").does("ann", kinds.PushDisable)
    w.does("ann", kinds.Mute, host_id="h1").room("r1", "live", 0)
    assert w.refused() == [("ann", "host_live", "no_consent")]


def test_only_a_no_that_becomes_a_yes_takes_back_switching_off(world):
    w = world()
    opted_out(w)
    w.does("ann", kinds.User, consent=kinds.Consent(push=False)).agrees("ann")
    w.at(1).room("r2", "live", 1)
    assert [d.reason for d in w.decisions] == ["opted_out", None]


def test_a_mute_taken_back_no_longer_counts(world):
    w = world()
    muted(w)
    w.does("ann", kinds.Unmute, tag="snacks").at(1).room("r2", "live", 1, tags=("snacks",))
    assert [d.reason for d in w.decisions] == ["muted", None]


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (lambda w: w.does("ann", kinds.Dwell, room_id="r1", dwell_ms=9, left=True), None),
        (lambda w: w.does("ann", kinds.Enter, room_id="r2"), None),
        (lambda w: w.at(0.4), None),
        (lambda w: w.at(0.4).does("ann", kinds.Dwell, room_id="r1", dwell_ms=9), "watching"),
        (lambda w: w.does("ann", kinds.Dwell, room_id="r2", dwell_ms=9, left=True), "watching"),
        (lambda w: w.does("ann", kinds.Attend, room_id="r1"), "watching"),
    ],
)
def test_who_counts_as_watching(world, then, reason):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1").room("r1", "live", 0)
    w.at(0.1).does("ann", kinds.Enter, room_id="r1").at(0.2)
    then(w).airs("r1", "p1")
    assert [d.reason for d in w.decisions] == [reason and "already_watching"]


def test_a_late_row_does_not_bring_back_a_room_that_was_left(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1").room("r1", "live", 0)
    w.at(0.1).does("ann", kinds.Dwell, room_id="r1", dwell_ms=9, left=True)
    w.at(0.09).does("ann", kinds.Dwell, room_id="r1", dwell_ms=9)
    w.at(0.1).airs("r1", "p1")
    assert [d.reason for d in w.decisions] == [None]


def test_an_opened_push_ends_the_fatigue(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    w.does("ann", kinds.PushDismiss, push_id="x").does("ann", kinds.PushOpen, push_id="x")
    w.at(0.5).room("r2", "live", 0.5)
    assert [d.reason for d in w.decisions] == [None, None]


def test_a_reminder_in_quiet_hours_waits_for_their_end_if_it_still_helps_then(world, hours_of):
    # The room starts at 09:30 local: T-2 h falls at 07:30, inside 22:00-08:00.
    w = world().agrees("ann").room("r1", "scheduled", 21.5)
    w.does("ann", kinds.Reserve, room_id="r1").until(23)
    first = w.decisions[0]
    assert first.sent
    assert (hours_of(first.at_ms), hours_of(first.not_before_ms)) == (19.5, 20)
    assert first.channel == "push"
    assert [t for t, _, _ in w.told()] == [19.5, 21.25]


def test_quiet_hours_are_the_users_own(world):
    w = world().agrees("ann", timezone="Europe/London")
    w.agrees("bob", quiet_hours=("11:00", "13:00")).agrees("cy", quiet_hours=("00:00", "00:00"))
    for user in ("ann", "bob", "cy"):
        w.does(user, kinds.Follow, host_id="h1")
    w.room("r1", "live", 0).at(14).room("r2", "live", 14)
    assert [(t, user) for t, user, _ in w.told()] == [
        (0, "cy"),
        (14, "ann"),
        (14, "bob"),
        (14, "cy"),
    ]
    assert w.refused() == [("ann", "host_live", "quiet_hours"), ("bob", "host_live", "quiet_hours")]


def test_what_cannot_be_read_in_a_record_is_counted_and_left_out(world):
    w = world().agrees("ann", timezone="Mars/Olympus", quiet_hours=("25:00", "08:00"))
    w.agrees("ann", timezone="../../etc/passwd").does("ann", kinds.Follow, host_id="h1")
    w.room("r1", "live", 0)
    assert w.told() == [(0, "ann", "host_live")]
    assert w.policy.dropped["unknown_time_zone"] == 2
    assert w.policy.dropped["unreadable_quiet_hours"] == 1
