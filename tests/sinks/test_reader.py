from __future__ import annotations

from typing import Any

import orjson
import pytest

from decisions.outputs import Delivery, RoomWrite, Write, head
from sinks.connect import Client
from sinks.reader import Reader, UnknownLayout
from sinks.redis_sink import RedisWriter
from sinks.settings import RedisSettings

NOW = 1_767_225_600_000
MINUTE = 60_000


def value(fields: dict[str, Any], number: int = 1, as_of_ms: int = NOW) -> bytes:
    return head(NOW + number, as_of_ms) + orjson.dumps(fields)[1:]


def fill(client: Client, settings: RedisSettings) -> None:
    tile = (NOW // MINUTE) & 15
    tags = {
        "windows": ["10m", "1h", "24h", "7d"],
        "weights": {"tea": [3.0, 3.0, 3.0, 3.0]},
        "tiles": {"tea": [tile, 3_000]},
    }
    item = {"score": 0.5, "source": "content", "propensity": 0.9}
    recs = {
        "reasons": [["popular_room"], ["tag_match", "tea"], ["new_code", 7]],
        "items": [
            {"room_id": "r1", "reasons": [1, 0], **item},
            {"room_id": "gone", "reasons": [], **item},
            {"room_id": "r2", "reasons": [2], **item},
        ],
        "request_id": "q1",
        "model": "m1",
    }
    push = {
        "decisions": [
            {"push_id": "p1", "reasons": [["cart_product_on_air", ["tea"]]]},
            {"push_id": "p2", "reasons": [], "expires_at_ms": NOW + 5 * MINUTE},
        ]
    }
    writer = RedisWriter(client, settings)
    writer.write(
        [
            Delivery(
                writes=[
                    Write("a", "tags", NOW + 1, value(tags)),
                    Write("a", "recs", NOW + 2, value(recs, 2)),
                    Write("a", "push", NOW + 3, value(push, 3)),
                    Write("}b", "recs", NOW + 1, value(recs)),
                ],
                rooms=[RoomWrite(f"r{i}", NOW, True, value({"x": 0}, 0)) for i in (1, 2)],
            )
        ]
    )
    writer.close()


def test_many_users_as_they_are_now(either: Client, quick: RedisSettings):
    fill(either, quick)
    reader = Reader(either, "ll:", lambda: NOW)
    a, nobody, b = reader.get_many(["a", "nobody", "}b"])
    assert a.tags == {"tea": (3.0, 3.0, 3.0, 3.0)}
    assert [item.room_id for item in a.items] == ["r1", "r2"]
    assert [reason.en for reason in a.items[0].reasons] == [
        "matches your interest in tea",
        "popular right now",
    ]
    assert [reason.zh for reason in a.items[1].reasons] == ["new_code"]
    assert [push.push_id for push in a.pushes] == ["p1", "p2"]
    assert a.pushes[0].reasons[0].en == "tea, in your cart, is being shown now"
    assert (a.request_id, a.model, a.versions) == ("q1", "m1", (NOW + 1, NOW + 2, NOW + 3))
    assert (nobody.tags, nobody.items, nobody.pushes, nobody.versions) == ({}, [], [], (0, 0, 0))
    assert [item.room_id for item in b.items] == ["r1", "r2"]
    assert reader.get_many([]) == []


def test_time_passes_without_a_write(client: Client, quick: RedisSettings):
    fill(client, quick)
    later = Reader(client, "ll:", lambda: NOW + 30 * MINUTE).get("a")
    assert later.tags == {"tea": (0.0, 3.0, 3.0, 3.0)}
    assert [push.push_id for push in later.pushes] == ["p1"]
    history = Reader(client, "ll:", lambda: NOW + 30 * MINUTE).push_history(["a", "nobody"])
    assert [[push.push_id for push in one] for one in history] == [["p1", "p2"], []]
    assert Reader(client, "ll:", lambda: NOW + 30 * MINUTE).get("a", NOW).tags["tea"][0] == 3.0


def test_after_a_replay_now_is_the_newest_event_time(client: Client, quick: RedisSettings):
    fill(client, quick)
    writer = RedisWriter(client, quick)
    writer.health(value({"mode": "replay", "newest_event_time_ms": NOW + MINUTE}))
    writer.flush()
    assert Reader(client, "ll:", lambda: NOW * 2).get("a").now_ms == NOW + MINUTE
    writer.health(value({"mode": "live", "newest_event_time_ms": NOW + MINUTE}))
    writer.flush()
    assert Reader(client, "ll:", lambda: NOW + 7).get("a").now_ms == NOW + 7


def test_one_round_trip_and_rooms_kept_for_a_second(client: Any, quick: RedisSettings):
    fill(client, quick)
    clock = [NOW]
    reader = Reader(client, "ll:", lambda: clock[0])
    client.config_resetstat()
    reader.get_many(["a"] * 50)
    client.srem("ll:rooms", "r1")
    clock[0] += 900
    assert [item.room_id for item in reader.get("a").items] == ["r1", "r2"]
    calls = {name: stat["calls"] for name, stat in client.info("commandstats").items()}
    assert (calls["cmdstat_mget"], calls["cmdstat_smembers"]) == (2, 1)
    clock[0] += 200
    assert [item.room_id for item in reader.get("a").items] == ["r2"]


def test_an_unknown_layout_is_refused_by_name(client: Any, quick: RedisSettings):
    client.set("ll:{a}:recs", b'{"v":2,"version":1,"as_of_ms":1}')
    with pytest.raises(UnknownLayout, match=r"ll:\{a\}:recs has layout v=2, .* knows v=1"):
        Reader(client, "ll:", lambda: NOW).get("a")


def test_a_damaged_value_is_named(client: Any):
    client.set("ll:{a}:recs", b'{"v":1,"version":1')
    with pytest.raises(UnknownLayout, match=r"ll:\{a\}:recs is not JSON"):
        Reader(client, "ll:", lambda: NOW).get("a")


def test_rooms_cards_and_health_one_by_one(client: Any, quick: RedisSettings):
    fill(client, quick)
    reader = Reader(client, "ll:", lambda: NOW)
    assert reader.room("r1")["version"] == NOW
    assert reader.room("none") == reader.model("none") == reader.health() == {}


def offers(**fields: Any) -> dict[str, Any]:
    return {"score": 0.4, "reasons": [0], **fields}


def fill_more(client: Client, settings: RedisSettings) -> None:
    """Two rooms are live, three to come; of these one has begun, and one is called off."""
    fill(client, settings)
    more = {
        "reasons": [["tag_match", "tea"], ["on_air_now"], ["live_now"]],
        "previews": [
            offers(room_id=name, start_time_ms=NOW + 9) for name in ("r1", "off", "moved", "new")
        ],
        "products": [
            offers(product_id="p1", room_id="r1", reasons=[0, 1]),
            offers(product_id="p2", room_id="ended", reasons=[0, 1]),
            offers(product_id="p3"),
        ],
        "hosts": [offers(host_id="h1", room_id="r2", reasons=[0, 2])],
    }
    told = [("off", "ended", NOW + 9), ("moved", "scheduled", NOW + 70)]
    writer = RedisWriter(client, settings)
    rooms = [
        RoomWrite(name, NOW, False, value({"status": status, "start_time_ms": start_ms}, 0))
        for name, status, start_ms in told
    ]
    writes = [Write("a", "more", NOW + 2, value(more, 2))]
    writer.write([Delivery(writes=writes, rooms=rooms)])
    writer.close()


def test_what_has_begun_ended_or_been_called_off_is_not_offered(
    either: Client, quick: RedisSettings
):
    fill_more(either, quick)
    a, nobody = Reader(either, "ll:", lambda: NOW).more_many(["a", "nobody"])
    assert [(one.id, one.start_time_ms) for one in a.previews] == [
        ("moved", NOW + 70),
        ("new", NOW + 9),
    ]
    assert [(one.id, one.room_id) for one in a.products] == [
        *(("p1", "r1"), ("p2", None), ("p3", None)),
    ]
    assert [[why.code for why in one.reasons] for one in a.products] == [
        *(["tag_match", "on_air_now"], ["tag_match"], ["tag_match"]),
    ]
    [host] = a.hosts
    assert [why.en for why in host.reasons] == ["matches your interest in tea", "live now"]
    assert [why.zh for why in host.reasons] == ["符合你对「tea」的兴趣", "正在直播"]
    assert a.version == NOW + 2
    assert (nobody.previews, nobody.products, nobody.hosts, nobody.version) == ([], [], [], 0)
    assert Reader(either, "ll:", lambda: NOW).more_many([]) == []


def test_lists_of_another_layout_are_refused_by_name(client: Any):
    client.set("ll:{a}:more", b'{"v":2,"version":1,"as_of_ms":1}')
    with pytest.raises(UnknownLayout, match=r"ll:\{a\}:more has layout v=2"):
        Reader(client, "ll:", lambda: NOW).more_many(["a"])
