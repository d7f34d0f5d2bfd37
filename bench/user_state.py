"""The product's own state of many users, built by its kernels from a history of plain events."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Any, Literal

from msgspec.json import encode

from decisions.decide import DecideShard
from events.decode import Decoder
from events.hashing import hash64, shard_of, uniform
from events.kinds import Click, Consent, Event, Follow, Host, Impression, Room
from events.kinds import User as Record
from features.catalogue import Entry
from features.observe import ObserveShard
from features.rows import Rows
from features.user import User
from flows.runtime import Runtime
from flows.settings import Settings

NOW_MS = 1_767_268_800_000
SHARDS = Settings().flow.shards
TAGS = 200
TAGS_PER_ROOM = 10
ROOMS = TAGS // TAGS_PER_ROOM
ROOMS_PER_USER = 2
TILE_AGES_MS = tuple(1000 * s for s in (3 * 86_400, 36_000, 3_000, 1_800, 240, 60))
"""Six tiles that stay apart on the ladder: three days, ten hours, 50, 30, 4 and 1 minutes ago."""
FOLLOWS, LIST_ITEMS = 5, 10
ROWS_PER_ROUND = Settings().flow.chunk_rows // SHARDS
STEP_MS, MINUTE_MS = 1_000, 60_000
SPREAD_MS, QUIET_MS = 360_000, 175_000
"""Over how long the lists are shown, and how long after them it is quiet: together shorter than a
list stays open, the latter longer than duplicates are looked for."""


def _catalogue() -> Iterator[Host | Room]:
    then_ms = NOW_MS - TILE_AGES_MS[0] - 86_400_000
    for room in range(ROOMS):
        host = f"host-of-room{room}"
        yield Host(event_id=f"h{room}", event_time_ms=then_ms, host_id=host, tags=[])
    yield from _rooms("scheduled", then_ms)


def _rooms(status: Literal["scheduled", "live"], then_ms: int) -> Iterator[Room]:
    for room in range(ROOMS):
        yield Room(
            event_id=f"r{room}",
            event_time_ms=then_ms,
            room_id=f"room{room}",
            host_id=f"host-of-room{room}",
            title=f"Room {room}",
            tags=[f"tag{room * TAGS_PER_ROOM + i}" for i in range(TAGS_PER_ROOM)],
            status=status,
            start_time_ms=NOW_MS,
            products=[],
        )


def history(first: int, users: int) -> Iterator[Event]:
    """What users did, in order of time: 20 tags of 6 tiles, follows, consent, an open list each.

    They come in no order, and what one does is spread over some seconds in which others act too,
    as in a log: nobody is at hand as an object all the time, and nobody's bytes lie together.
    """
    order = array("l", sorted(range(first, first + users), key=_last_ms))
    visits = (
        _visits(order, tile, pick)
        for tile in range(len(TILE_AGES_MS))
        for pick in range(ROOMS_PER_USER)
    )
    follows = (_follows(order, pick) for pick in range(FOLLOWS))
    shown = (_shown(order, place) for place in range(LIST_ITEMS))
    streams = (*visits, *follows, _records(order), *shown)
    return merge(*streams, key=lambda event: event.event_time_ms)


def _visits(order: Iterable[int], tile: int, pick: int) -> Iterator[Event]:
    for user in order:
        yield Click(
            event_id=f"c{user}.{tile}.{pick}",
            event_time_ms=_last_ms(user) - TILE_AGES_MS[tile] + 8 * pick * STEP_MS,
            user_id=f"user{user}",
            room_id=_room(user, pick),
        )


def _follows(order: Iterable[int], pick: int) -> Iterator[Event]:
    for user in order:
        yield Follow(
            event_id=f"f{user}.{pick}",
            event_time_ms=_last_ms(user) - TILE_AGES_MS[0] + (10 + pick) * STEP_MS,
            user_id=f"user{user}",
            host_id=f"host-of-{_room(user, pick)}",
        )


def _records(order: Iterable[int]) -> Iterator[Event]:
    for user in order:
        yield Record(
            event_id=f"u{user}",
            event_time_ms=_last_ms(user) - TILE_AGES_MS[0],
            user_id=f"user{user}",
            consent=Consent(push=True),
        )


def _shown(order: Iterable[int], place: int) -> Iterator[Event]:
    for user in order:
        yield Impression(
            event_id=f"i{user}.{place}",
            event_time_ms=_last_ms(user) + place * STEP_MS,
            user_id=f"user{user}",
            request_id=f"list{user}",
            room_id=_room(user, place),
            position=place,
            surface="home",
        )


def _last_ms(user: int) -> int:
    """When the user's list begins: at any time of the spread, in the first half of a minute.

    So all that a user does at one tile's age falls into that tile.
    """
    since_ms = int(uniform(f"user{user}", 0) * SPREAD_MS)
    return NOW_MS - SPREAD_MS + since_ms - since_ms % MINUTE_MS // 2


def _room(user: int, pick: int) -> str:
    return f"room{(user + 7 * pick) % ROOMS}"  # 7 and 20 share no divisor: rooms are distinct


Shards = list[tuple[ObserveShard, DecideShard]]


def _shards() -> tuple[Shards, int]:
    """The shards of one process at the default settings, its catalogue told."""
    runtime = Runtime(Settings(), live=True)
    seq = 0
    for seq, event in enumerate(_catalogue(), start=1):
        runtime.catalogue.apply(Entry(seq, event.event_time_ms, event))
    return [
        (ObserveShard(runtime.observe, shard), DecideShard(runtime.decide, shard))
        for shard in range(SHARDS)
    ], seq


def build_users(first: int, users: int) -> Shards:
    """The shards that hold so many users after their `history`, read as rows of a log.

    Rows are decoded from JSON, so that strings are shared as they are in a run and no more.
    """
    shards, seq = _shards()
    decode = Decoder().decode
    clock_ms = 0
    rounds: dict[int, Rows] = {}
    for number, made in enumerate(history(first, users)):
        event: Any = decode(encode(made))
        clock_ms = max(clock_ms, event.event_time_ms)
        shard = shard_of(event.user_id, SHARDS)
        rows = rounds.setdefault(shard, Rows(shard, number, clock_ms, seq))
        rows.rows.append((event, event.user_id, number, hash64(event.event_id), clock_ms, seq))
        if len(rows.rows) == ROWS_PER_ROUND:
            _apply(shards, rounds, clock_ms)
    _apply(shards, rounds, clock_ms)
    # The hosts they follow go live: pushes, sent and refused, enter the ledgers.
    catalogue = shards[0][1].catalogue
    for room in _rooms("live", NOW_MS):
        seq, clock_ms = seq + 1, clock_ms + 1
        catalogue.apply(Entry(seq, clock_ms, room))
        _wait(shards, clock_ms, seq)
    # What is kept against duplicates is bounded by time, not by users: let it go first.
    _wait(shards, clock_ms + QUIET_MS, seq)
    return shards


def _wait(shards: Shards, clock_ms: int, seq: int) -> None:
    """Let time pass without a row."""
    _apply(shards, {shard: Rows(shard, -1, clock_ms, seq) for shard in range(SHARDS)}, clock_ms)


def _apply(shards: Shards, rounds: dict[int, Rows], clock_ms: int) -> None:
    for shard, rows in sorted(rounds.items()):
        rows.clock_ms = clock_ms
        observe, decide = shards[shard]
        observe.apply(rows)
        out = observe.drain()
        decide.apply(out.steps, out.ends)
        decide.drain()
    rounds.clear()


def one_user(shards: Shards, user: int) -> User:
    """The state of one of the users.

    Raises:
        RuntimeError: it is not what a history makes, so nothing measured of it would hold.

    """
    name = f"user{user}"
    state = shards[shard_of(name, SHARDS)][0].people.get(name, NOW_MS)
    tiles = {len(tag.tiles) for tag in state.ladder.tags.values()} if state else set()
    if state is None or len(state.ladder.tags) != 20 or tiles != {len(TILE_AGES_MS)}:
        raise RuntimeError(f"{name} does not hold 20 tags of {len(TILE_AGES_MS)} tiles")
    if len(state.lists) != 1 or len(state.follows) != FOLLOWS:
        raise RuntimeError(f"{name} does not hold one open list and {FOLLOWS} follows")
    return state
