"""What the lines say: valid by the contract, and in agreement with each other."""

from __future__ import annotations

from collections import defaultdict

from events.kinds import KINDS


def first_copies(events):
    seen = set()
    for event in events:
        if event["event_id"] not in seen:
            seen.add(event["event_id"])
            yield event


def test_every_line_that_was_not_broken_is_valid(log):
    assert len(log.letters) == log.truth.defects.broken_total > 0
    assert len(log.events) + len(log.letters) == len(log.lines)


def test_almost_every_kind_of_event_occurs(log):
    # These depend on a rare chain of chances, or on pushes that come from outside.
    rare = {"erase", "push_sent", "push_delivered", "push_open", "push_dismiss", "push_disable"}
    rare |= {"unmute", "unfollow", "refund", "review", "coupon_redeem", "cart_remove"}
    assert set(KINDS) - {event["kind"] for event in log.events} <= rare


def test_lists_hold_distinct_rooms_in_order_with_valid_propensities(log):
    lists = defaultdict(list)
    for event in first_copies(log.events):
        if event["kind"] == "impression" and event["surface"] != "room_card":
            lists[event["request_id"]].append(event)
    full = 0
    for shown in lists.values():
        shown.sort(key=lambda event: event["position"])
        assert len({event["room_id"] for event in shown}) == len(shown)
        assert all(0.0 < event["propensity"] <= 1.0 for event in shown)
        assert len({event["event_time_ms"] for event in shown}) == 1
        full += [event["position"] for event in shown] == list(range(log.settings.list_size))
    assert full > 0.98 * len(lists)


def test_clicks_are_of_rooms_in_their_list(log):
    shown = {
        (e["request_id"], e.get("room_id") or e["product_id"])
        for e in log.events
        if e["kind"] == "impression"
    }
    clicks = [e for e in log.events if e["kind"] == "click"]
    known = [(e["request_id"], e.get("room_id") or e["product_id"]) in shown for e in clicks]
    # An impression may still be on its way when the log ends.
    assert sum(known) > 0.99 * len(clicks)


def test_products_on_air_belong_to_their_room_and_rooms_go_forward(log):
    products, status = {}, {}
    order = ["scheduled", "live", "ended"]
    for event in log.events:
        if event["kind"] == "room":
            room_id = event["room_id"]
            products[room_id] = event["products"]
            if room_id in status:
                assert order.index(event["status"]) == order.index(status[room_id]) + 1
            status[room_id] = event["status"]
        elif event["kind"] == "on_air":
            assert status[event["room_id"]] == "live"
            assert event["product_id"] is None or event["product_id"] in products[event["room_id"]]
    assert {"live", "ended"} <= set(status.values())


def test_visits_add_up(log):
    """The dwell events of a visit sum to its `visit_ms`, and end with `left`."""
    open_visits = {}
    checked = 0
    for event in sorted(first_copies(log.events), key=lambda e: e["event_time_ms"]):
        who = event.get("user_id") or event.get("device_id") or event.get("nickname")
        if event["kind"] == "enter":
            open_visits[who] = 0
        elif event["kind"] == "dwell" and who in open_visits:
            open_visits[who] += event["dwell_ms"]
            if event.get("left"):
                assert open_visits.pop(who) == event["visit_ms"]
                checked += 1
    assert checked > 1_000


def test_searches_contain_a_tag_of_the_catalogue_and_no_tag_contains_another(log):
    tags = {tag for e in log.events if e["kind"] in ("room", "product") for tag in e["tags"]}
    assert not [(a, b) for a in tags for b in tags if a != b and a in b]
    for event in log.events:
        if event["kind"] == "search":
            assert any(tag in event["query"] for tag in tags)


def test_devices_and_nicknames_become_users(log):
    linked = [event for event in log.events if event["kind"] == "identity_link"]
    assert any("device_id" in event for event in linked)
    assert len(linked) == len(log.truth.links)
    anonymous = [e for e in log.events if "device_id" in e and "user_id" not in e]
    assert anonymous
