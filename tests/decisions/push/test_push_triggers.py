"""Each occasion for a push, told as a short story."""

from __future__ import annotations

from events import kinds

DAY_H = 24.0


def test_followers_hear_that_their_host_is_live_and_others_do_not(world):
    w = world().agrees("ann", "bob", "cy")
    w.policy.host("h1", "小美")
    w.does("ann", kinds.Follow, host_id="h1").does("bob", kinds.Follow, host_id="h2")
    w.does("cy", kinds.Follow, host_id="h1").does("cy", kinds.Unfollow, host_id="h1")
    w.room("r1", "scheduled", 1).at(1).room("r1", "live", 1)
    assert w.told() == [(1, "ann", "host_live")]
    push = w.decisions[0]
    assert push.title == "小美 · 晚间专场"
    assert push.reasons == (("followed_host_live", ("小美",)),)
    assert (push.room_id, push.product_id) == ("r1", None)
    assert push.not_before_ms == push.at_ms == push.expires_at_ms - 30 * 60_000
    assert push.channel == "push"


def test_without_names_a_title_is_the_rooms_alone(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    assert w.decisions[0].title == "晚间专场"
    assert w.decisions[0].reasons == (("followed_host_live", ("h1",)),)


def test_one_who_just_acted_is_reached_in_the_app(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1")
    w.at(0.05).room("r1", "live", 0.05).at(3).room("r2", "live", 3)
    assert [d.channel for d in w.decisions] == ["in_app", "push"]


def test_a_cart_product_of_a_room_about_to_start(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p2")
    w.policy.product("p2", "保温杯")
    w.room("r1", "scheduled", 1, products=("p1", "p2")).until(2)
    assert w.told() == [(round(50 / 60, 4), "ann", "cart_soon")]
    assert w.decisions[0].product_id == "p2"
    assert w.decisions[0].title == "保温杯 · 晚间专场"


def test_a_cart_product_of_a_room_that_goes_live_unannounced(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1")
    w.at(1).room("r1", "live", 1, products=("p1",))
    assert w.told() == [(1, "ann", "cart_soon")]


def test_a_cart_is_offered_a_room_once_for_the_first_of_its_products(world):
    w = world().agrees("ann")
    for product in ("p1", "p2", "p3"):
        w.does("ann", kinds.CartAdd, product_id=product)
    w.at(1).room("r1", "live", 1, products=("p9", "p3", "p1"))
    assert [(d.product_id, d.sent) for d in w.decisions] == [("p3", True)]


def test_what_joins_the_line_up_late_counts_from_then(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1")
    w.room("r1", "live", 0).at(2).room("r1", "live", 0, products=("p1",))
    w.at(2.5).room("r1", "live", 0, products=("p1", "p2"))
    assert w.told() == [(2, "ann", "cart_soon")]


def test_what_is_bought_or_taken_out_is_no_longer_in_the_cart(world):
    w = world().agrees("ann", "bob")
    w.does("ann", kinds.CartAdd, product_id="p1").does("bob", kinds.CartAdd, product_id="p1")
    w.does("ann", kinds.Order, order_id="o1", product_id="p1", amount=9.0)
    w.does("bob", kinds.CartRemove, product_id="p1")
    w.at(1).room("r1", "live", 1, products=("p1",)).airs("r1", "p1")
    assert w.decisions == []


def test_a_cart_product_on_air(world):
    w = world().agrees("ann").room("r1", "live", 0)
    w.does("ann", kinds.CartAdd, product_id="p1")
    w.at(1).airs("r1", "p1").at(2).airs("r1", None)
    assert w.told() == [(1, "ann", "cart_on_air")]
    assert w.refused() == []
    w.at(3).airs("r1", "p1")
    assert w.refused() == [("ann", "cart_on_air", "duplicate")]


def test_nothing_is_on_air_in_a_room_that_is_not_live(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1")
    w.room("r1", "scheduled", 9).airs("r1", "p1").airs("r9", "p1")
    assert w.decisions == []
    assert w.policy.dropped["on_air_not_live"] == 2


def test_three_reminders_before_a_reserved_room(world):
    w = world().agrees("ann").room("r1", "scheduled", 2 * DAY_H)
    w.does("ann", kinds.Reserve, room_id="r1").until(3 * DAY_H)
    assert w.told() == [
        (1 * DAY_H, "ann", "reminder"),
        (2 * DAY_H - 2, "ann", "reminder"),
        (2 * DAY_H - 0.25, "ann", "reminder"),
    ]
    assert [d.reasons[0][1] for d in w.decisions] == [(1440,), (120,), (15,)]


def test_a_place_taken_inside_a_lead_has_missed_it(world):
    w = world().agrees("ann").room("r1", "scheduled", 5).at(3)
    w.does("ann", kinds.Reserve, room_id="r1").until(6)
    assert w.told() == [(4.75, "ann", "reminder")]


def test_a_place_in_a_room_not_yet_announced_counts_once_it_is(world):
    w = world().agrees("ann").does("ann", kinds.Reserve, room_id="r1")
    w.at(1).room("r1", "scheduled", 5).until(6)
    assert [t for t, _, _ in w.told()] == [3, 4.75]


def test_a_new_start_moves_what_is_still_to_come(world):
    w = world().agrees("ann").room("r1", "scheduled", 5)
    w.does("ann", kinds.Reserve, room_id="r1").at(1).room("r1", "scheduled", 9).until(10)
    assert [t for t, _, _ in w.told()] == [7, 8.75]


def test_a_small_shift_does_not_repeat_a_reminder_and_a_large_one_does(world):
    w = world().agrees("ann").room("r1", "scheduled", 3)
    w.does("ann", kinds.Reserve, room_id="r1").until(1.1).room("r1", "scheduled", 3.5).until(2)
    assert [t for t, _, _ in w.told()] == [1]
    assert w.refused() == [("ann", "reminder", "duplicate")]
    w.room("r1", "scheduled", 6).until(7)
    assert [t for t, _, _ in w.told()] == [1, 4, 5.75]
    assert len({d.push_id for d in w.decisions if d.sent}) == 3


def test_a_cancelled_place_or_a_room_called_off_reminds_nobody(world):
    w = world().agrees("ann", "bob").room("r1", "scheduled", 5)
    w.does("ann", kinds.Reserve, room_id="r1").does("bob", kinds.Reserve, room_id="r1")
    w.does("ann", kinds.ReserveCancel, room_id="r1").at(1).room("r1", "ended", 5).until(9)
    assert w.told() == []
    assert w.refused() == [("bob", "reminder", "ended")]


def test_a_room_that_begins_early_brings_its_last_reminder_forward(world):
    w = world().agrees("ann").room("r1", "scheduled", 5).does("ann", kinds.Reserve, room_id="r1")
    w.at(1).room("r1", "live", 5).until(6)
    assert w.told() == [(1, "ann", "reminder")]


def test_the_strongest_occasion_of_an_instant_goes_first(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1")
    w.does("ann", kinds.CartAdd, product_id="p1")
    w.at(1).room("r1", "live", 1, products=("p1",))
    assert w.told() == [(1, "ann", "cart_soon")]
    assert w.refused() == [("ann", "host_live", "min_gap")]


def test_rooms_that_start_together_are_told_in_the_order_of_users(world):
    w = world().agrees("bob", "ann").room("r1", "scheduled", 5).room("r2", "scheduled", 5)
    w.does("bob", kinds.Reserve, room_id="r1").does("ann", kinds.Reserve, room_id="r2")
    w.until(3)
    assert [(d.user_id, d.room_id) for d in w.decisions] == [("ann", "r2"), ("bob", "r1")]


def test_a_room_first_seen_long_after_its_start_is_no_news(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1").at(5).room("r1", "live", 1)
    assert w.refused() == [("ann", "host_live", "expired")]


def test_a_room_that_drops_and_comes_back_is_the_same_broadcast(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    w.at(1).room("r1", "ended", 0).at(1.1).room("r1", "live", 0)
    assert w.refused() == [("ann", "host_live", "duplicate")]


def test_the_next_evenings_broadcast_of_a_lasting_room_is_new(world):
    w = world().agrees("ann").does("ann", kinds.Follow, host_id="h1").room("r1", "live", 0)
    w.at(5).room("r1", "ended", 0).at(24).room("r1", "live", 24)
    assert [t for t, _, _ in w.told()] == [0, 24]


def test_a_broadcast_that_began_early_is_still_the_same_after_its_planned_start(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1")
    w.at(1).room("r1", "live", 1.5).at(1.2).airs("r1", "p1").airs("r1", None)
    w.at(1.8).airs("r1", "p1")
    assert w.told() == [(1.2, "ann", "cart_on_air")]
    assert w.refused() == [("ann", "cart_on_air", "duplicate")]


def test_a_room_that_never_ends_begins_anew_every_day(world):
    w = world().agrees("ann").does("ann", kinds.CartAdd, product_id="p1").room("r1", "live", 0)
    for h in (1, 5, 25):
        w.at(h).airs("r1", "p1").airs("r1", None)
    assert [t for t, _, _ in w.told()] == [1, 25]


def test_an_ended_room_that_is_planned_again_takes_new_reservations(world):
    w = world().agrees("ann").room("r1", "scheduled", 5).does("ann", kinds.Reserve, room_id="r1")
    w.room("r1", "ended", 5).room("r1", "scheduled", 30).until(31)
    assert w.told() == []
