"""Everything the push policy holds has a limit, and an absence has its rules."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.push.facts import NameBook
from decisions.push.relation import Relation
from decisions.push.schedule import NEVER_MS, Schedule
from decisions.push.settings import DAY_MS, PushSettings
from events import kinds

DAY_H = 24


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from("xyz"), st.sampled_from("abcdef"))),
    st.integers(1, 4),
)
def test_both_ways_of_a_relation_agree_and_the_oldest_goes_first(steps, most):
    relation, lists = Relation(most), defaultdict(lambda: None)
    naive: dict[str, list[str]] = defaultdict(list)
    dropped = 0
    for adds, user, key in steps:
        change = relation.add if adds else relation.remove
        lists[user] = change(user, lists[user], key)
        if key in naive[user]:
            naive[user].remove(key)
        if adds:
            naive[user].append(key)
            dropped += len(naive[user]) > most
            naive[user] = naive[user][-most:]
    again = Relation(most)
    for user, held in lists.items():
        again.take_up(user, held)
    for key in "abcdef":
        holders = sorted(user for user in naive if key in naive[user])
        assert relation.holders(key) == again.holders(key) == holders
    assert {user: held or [] for user, held in lists.items()} == {u: naive[u] for u in lists}
    assert relation.dropped == dropped


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9)))))
def test_a_schedule_holds_the_newest_instant_of_each_room(steps):
    schedule, naive, due = Schedule(), {}, []
    for room, at in steps * 9:
        schedule.set(room, at)
        naive[room] = at
        due = sorted((at, room) for room, at in naive.items() if at is not None)
        assert schedule.next_ms == (due[0][0] if due else NEVER_MS)
        assert len(schedule._heap) <= 2 * len(due) + 65
    while schedule.next_ms < NEVER_MS:
        first = due[0][0]
        assert schedule.pop(first) == [room for at, room in due if at == first]
        due = [(at, room) for at, room in due if at > first]
    assert due == []


def test_the_oldest_follow_cart_product_and_place_make_way_and_are_counted(world):
    w = world(follows_max=1, carts_max=1, reservations_max=1, mutes_max=1).agrees("ann")
    for i in (1, 2):
        w.does("ann", kinds.Follow, host_id=f"h{i}").does("ann", kinds.CartAdd, product_id=f"p{i}")
        w.does("ann", kinds.Reserve, room_id=f"r{i}").does("ann", kinds.Mute, tag=f"t{i}")
    w.room("r1", "live", 0, host_id="h1", products=("p1",), tags=("t1",))
    w.room("r2", "scheduled", 3, host_id="h3").until(4)
    assert w.told() == [(1, "ann", "reminder"), (2.75, "ann", "reminder")]
    dropped = w.policy.dropped
    assert {dropped[k] for k in ("follows", "cart_products", "reservations", "mutes")} == {1}


def test_the_longest_unseen_users_make_way_for_new_ones(world):
    w = world(users_max=2).agrees("ann", "bob")
    for user in ("ann", "bob"):
        w.does(user, kinds.Follow, host_id="h1")
    w.at(0.1).does("ann", kinds.Enter, room_id="r9").does("cy", kinds.Enter, room_id="r9")
    w.room("r1", "live", 0.1)
    assert [user for _, user, _ in w.told()] == ["ann"]
    assert w.policy.dropped["users"] == 1


def test_rooms_and_names_make_way_too(world):
    w = world(rooms_max=1).agrees("ann").does("ann", kinds.CartAdd, product_id="p1")
    w.room("r1", "live", 0).room("r2", "live", 0).airs("r1", "p1").airs("r2", "p1")
    assert [d.room_id for d in w.decisions] == ["r2"]
    book = NameBook(1)
    book.tell_host("h1", "A")
    book.tell_host("h2", "B")
    assert (book.host("h1"), book.host("h2"), book.product("p1")) == (None, "B", None)


def test_an_idle_users_follows_leave_and_their_wishes_stay(world):
    w = world(consent_without_record=True).does("ann", kinds.PushDisable)
    for user in ("ann", "bob"):
        w.does(user, kinds.Follow, host_id="h1")
    w.until(31 * DAY_H).room("r1", "live", 31 * DAY_H)
    assert w.decisions == []
    for user in ("ann", "bob"):
        w.does(user, kinds.Follow, host_id="h1")
    w.at(31 * DAY_H + 1).room("r2", "live", 31 * DAY_H + 1)
    assert [(d.user_id, d.reason) for d in w.decisions] == [("ann", "opted_out"), ("bob", None)]


def test_idle_begins_at_its_instant_not_at_the_next_sweep(world):
    for h, told in ((30 * DAY_H + 0.5, 1), (30 * DAY_H + 0.51, 0)):
        w = world().at(0.5).agrees("ann").does("ann", kinds.Follow, host_id="h1")
        w.until(30 * DAY_H + 0.4).at(h).room("r1", "live", h)
        assert len(w.told()) == told


def test_a_record_sent_again_is_no_sign_of_life(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1")
    w.at(29 * DAY_H).agrees("ann").at(31 * DAY_H).room("r1", "live", 31 * DAY_H)
    assert w.decisions == []


def test_caps_outlive_an_absence(world):
    # Sent on the 30th day of silence; back an hour later, the hourly cap still knows it.
    w = world(hour_max=1, min_gap_ms=0, consent_without_record=True)
    w.does("ann", kinds.Follow, host_id="h1")
    w.at(30 * DAY_H - 0.5).room("r1", "live", 30 * DAY_H - 0.5).until(30 * DAY_H + 0.1)
    w.does("ann", kinds.Follow, host_id="h1").at(30 * DAY_H + 0.2)
    w.room("r2", "live", 30 * DAY_H + 0.2)
    assert [d.reason for d in w.decisions] == [None, "cap_hour"]


def test_who_returns_after_being_forgotten_has_a_larger_version(world):
    w = world(consent_without_record=True).does("ann", kinds.Follow, host_id="h1")
    w.room("r1", "live", 0)
    before, _ = w.policy.value("ann")
    assert before % DAY_MS == 1
    w.until(40 * DAY_H)
    assert w.policy.value("ann") is None
    w.does("ann", kinds.Follow, host_id="h1").room("r2", "live", 40 * DAY_H)
    after, _ = w.policy.value("ann")
    assert after > before


def test_an_erased_user_is_unknown(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    assert w.policy.value("ann") is not None
    w.does("ann", kinds.Erase)
    assert w.policy.value("ann") is None
    assert b"ann" not in w.policy.snapshot()
    assert w.at(1).room("r2", "live", 1).policy.counts["considered"] == 1


def test_the_value_keeps_the_newest_decisions_newest_first(world):
    w = world(last_max=2).agrees("ann").does("ann", kinds.Follow, host_id="h1")
    for i in range(3):
        w.at(i * 0.05).room(f"r{i}", "live", i * 0.05)
    version, body = w.policy.value("ann")
    told = json.loads(body)
    assert told["version"] == version
    assert version % DAY_MS == 3
    assert [(t["room_id"], t["reason"]) for t in told["decisions"]] == [
        ("r2", "min_gap"),
        ("r1", "min_gap"),
    ]
    assert w.policy.value("nobody") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "25:00"},
        {"time_zone": "Mars/Olympus"},
        {"reminder_leads_ms": (1, 2)},
        {"reminder_leads_ms": (0,)},
        {"ledger_ms": DAY_MS},
        {"same_broadcast_ms": 4 * DAY_MS},
        {"idle_ttl_ms": DAY_MS},
        {"idle_ttl_ms": 500 * DAY_MS},
        {"idle_ttl_ms": 3 * DAY_MS},
    ],
)
def test_settings_that_would_break_a_promise_are_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PushSettings(**wrong)
