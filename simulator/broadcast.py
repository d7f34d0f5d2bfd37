"""The life of a room: scheduled, live with one product after another on air, ended, and again."""

from __future__ import annotations

from simulator.cast import Host, Room
from simulator.stage import Life, Stage

_AGAIN_S = 3_600.0  # mean pause before a host announces the next broadcast
_FOREVER_MS = 10**15


def announce_catalog(stage: Stage) -> None:
    """Say what there is: hosts, products, rooms; at the first millisecond, before anyone comes."""
    settings, catalog, dice = stage.settings, stage.catalog, stage.dice
    live_hosts = round(settings.live_share * len(catalog.hosts))
    for host in catalog.hosts:
        stage.announce(
            "host",
            {
                "host_id": host.host_id,
                "name": host.name,
                "tags": catalog.names(host.tags),
                "attributes": {
                    "followers": host.followers,
                    "trust": host.trust,
                    "price_level": host.price_level,
                    "language": "en" if host.english else "zh",
                },
            },
        )
        for product in host.products:
            stage.announce(
                "product",
                {
                    "product_id": product.product_id,
                    "title": product.title,
                    "tags": catalog.names(product.tags),
                    "price": product.price,
                    "category": product.category,
                },
            )
    now_ms = stage.clock.now_ms
    for i, host in enumerate(catalog.hosts):
        if i < live_hosts:
            # These are somewhere in the middle of their broadcast.
            start_ms = now_ms - int(dice.random() * settings.live_s * 500)
            room = _open(stage, host, start_ms, max(_end_ms(stage, start_ms), now_ms + 600_000))
            stage.clock.start(_live(stage, room))
        else:
            ahead_s = dice.between(60.0, settings.ahead_s)
            if dice.chance(settings.next_day_share):
                ahead_s += 86_400.0
            room = _open(stage, host, now_ms + int(ahead_s * 1_000), 0)
            room.end_ms = _end_ms(stage, room.start_ms)
            stage.clock.start(_scheduled(stage, room))


def _end_ms(stage: Stage, start_ms: int) -> int:
    if not stage.settings.live_s:
        return _FOREVER_MS
    return start_ms + int(stage.settings.live_s * 1_000 * stage.dice.between(0.5, 1.5))


def _open(stage: Stage, host: Host, start_ms: int, end_ms: int) -> Room:
    room = stage.catalog.open_room(host, start_ms, end_ms)
    stage.rooms[room.room_id] = room
    return room


def _say_room(stage: Stage, room: Room, status: str) -> None:
    stage.announce(
        "room",
        {
            "room_id": room.room_id,
            "host_id": room.host.host_id,
            "title": room.title,
            "tags": stage.catalog.names(room.tags),
            "status": status,
            "start_time_ms": room.start_ms,
            "products": [product.product_id for product in room.products],
            "attributes": {"pull": round(room.pull, 2), "host_trust": room.host.trust},
        },
    )


def _scheduled(stage: Stage, room: Room) -> Life:
    _say_room(stage, room, "scheduled")
    stage.scheduled.append(room)
    yield room.start_ms - stage.clock.now_ms
    stage.scheduled.remove(room)
    # Few start on the second.
    yield stage.dice.whole(0, 20_000)
    room.start_ms = stage.clock.now_ms
    for life in stage.starters(room):
        stage.clock.start(life, 1_000 + stage.dice.whole(0, 30_000))
    yield from _live(stage, room)


def _live(stage: Stage, room: Room) -> Life:
    clock, dice, catalog = stage.clock, stage.dice, stage.catalog
    room.live = True
    stage.policy.add(room)
    _say_room(stage, room, "live")
    turn = dice.whole(0, len(room.products) - 1)
    while clock.now_ms < room.end_ms:
        product = room.products[turn % len(room.products)]
        turn += 1
        room.on_air = product
        room.appeal = room.tags + product.tags
        on_air = {"room_id": room.room_id, "product_id": product.product_id}
        chance = dice.random()
        if chance < 0.3:
            on_air["point"] = dice.pick(catalog.points)
        elif chance < 0.7:
            on_air["point"] = catalog.tags[dice.pick(product.tags)]
        stage.announce("on_air", on_air)
        left_ms = room.end_ms - clock.now_ms
        yield min(left_ms, 20_000 + int(dice.exponential(stage.settings.on_air_s) * 1_000))
    room.live = False
    room.on_air = None
    room.appeal = room.tags
    stage.policy.remove(room)
    stage.announce("on_air", {"room_id": room.room_id, "product_id": None})
    _say_room(stage, room, "ended")
    del stage.rooms[room.room_id]
    yield int(dice.exponential(_AGAIN_S) * 1_000)
    start_ms = clock.now_ms + int(dice.between(900.0, stage.settings.ahead_s) * 1_000)
    again = _open(stage, room.host, start_ms, _end_ms(stage, start_ms))
    clock.start(_scheduled(stage, again))
