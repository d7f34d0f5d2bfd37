"""What a product server reads: lists, tag weights, pushes as they hold now, reasons in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.cluster import RedisCluster

from events.pseudonyms import Pseudonyms
from sinks.ageing import aged
from sinks.connect import Client
from sinks.keys import Keys
from sinks.offers import MoreView, Offer, more_of, view_of
from sinks.stored import (
    Item,
    Reason,
    UnknownLayout,
    reasons_of,
    recs_of,
    tags_of,
    value_of,
)

__all__ = [
    "Item",
    "MoreView",
    "Offer",
    "PushDecision",
    "Reader",
    "Reason",
    "UnknownLayout",
    "UserView",
]

_NAMES: Final = ("tags", "recs", "push")
_ROOMS_CACHE_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class PushDecision:
    """One of the user's last push decisions; `value` holds all its fields as stored."""

    push_id: str
    reasons: tuple[Reason, ...]
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UserView:
    """What holds for a user at `now_ms`. Whoever is unknown has an empty one, all versions 0.

    `tags`: tag to its weights, in units, over 10 m, 1 h, 24 h and 7 d, at `now_ms`. `items`: best
    first. `pushes`: in the stored order. `versions`: of tags, recs and push.
    """

    user_id: str
    now_ms: int
    tags: dict[str, tuple[float, float, float, float]]
    items: list[Item]
    pushes: list[PushDecision]
    request_id: str
    model: str
    versions: tuple[int, int, int]


class Reader:
    """Reads many users in one round trip, on a cluster in one for each node.

    `clock_ms` gives UTC epoch milliseconds. The set of live rooms and the health value are read in
    the same round trip, and kept for `rooms_cache_ms` by that clock. With the `pseudonyms` of the
    flow users are asked for by their own ids. One reader serves one thread.
    """

    def __init__(
        self,
        client: Client,
        prefix: str,
        clock_ms: Callable[[], int],
        rooms_cache_ms: int = _ROOMS_CACHE_MS,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self._client: Any = client
        self._cluster = isinstance(client, RedisCluster)
        self._keys = Keys(prefix, 1)
        self._name: Callable[[str], str] = str if pseudonyms is None else pseudonyms.person
        self._clock_ms = clock_ms
        self._cache_ms = rooms_cache_ms
        self._read_ms: int | None = None
        self._rooms: frozenset[str] = frozenset()
        self._replayed_to_ms: int | None = None

    def get(self, user_id: str, now_ms: int | None = None) -> UserView:
        """One user; see `get_many`."""
        return self.get_many([user_id], now_ms)[0]

    def get_many(self, user_ids: Sequence[str], now_ms: int | None = None) -> list[UserView]:
        """The views of these users, in this order.

        `now_ms` is by default the clock, or the newest event time in Redis where a replay wrote it.
        Raises `UnknownLayout` for a value that another program wrote, or a newer one.
        """
        keys = [[self._keys.user(self._name(user), name) for name in _NAMES] for user in user_ids]
        values, now_ms = self._read(keys, now_ms)
        views = []
        for place, (user, three) in enumerate(zip(user_ids, keys, strict=True)):
            bodies = values[3 * place : 3 * place + 3]
            views.append(self._view(user, three, bodies, now_ms))
        return views

    def more_many(self, user_ids: Sequence[str], now_ms: int | None = None) -> list[MoreView]:
        """What is offered to these users beside live rooms, in two round trips; see `get_many`.

        The second one asks for the rooms to come: what has begun or been called off is left out.
        """
        keys = [self._keys.user(self._name(user), "more") for user in user_ids]
        bodies, now_ms = self._read([[key] for key in keys], now_ms)
        values = [more_of(key, body) for key, body in zip(keys, bodies, strict=True)]
        names = {place.room_id or "" for value in values for place in value.previews}
        rooms = self._told(sorted(names))
        return [
            view_of(user, now_ms, value, self._rooms, rooms)
            for user, value in zip(user_ids, values, strict=True)
        ]

    def push_history(self, user_ids: Sequence[str]) -> list[list[PushDecision]]:
        """Every push decision stored of these users, expired ones too, newest first."""
        keys = [self._keys.user(self._name(user), "push") for user in user_ids]
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.execute_command("GET", key)
        bodies = pipeline.execute() if keys else []
        return [_decisions(value_of(key, body)) for key, body in zip(keys, bodies, strict=True)]

    def room(self, room_id: str) -> dict[str, Any]:
        """What is stored about a room; empty where nothing is."""
        return self._one(self._keys.room(room_id))

    def model(self, name: str) -> dict[str, Any]:
        """A model's card; empty where there is none."""
        return self._one(self._keys.model(name))

    def health(self) -> dict[str, Any]:
        """The health value; empty where there is none."""
        return self._one(self._keys.health)

    def _read(
        self, keys: Sequence[Sequence[str]], now_ms: int | None
    ) -> tuple[list[bytes | None], int]:
        """The values of these keys, each group of one user's, and what now is."""
        read_ms = self._clock_ms()
        fresh = self._read_ms is not None and 0 <= read_ms - self._read_ms < self._cache_ms
        pipeline = self._client.pipeline(transaction=False)
        if self._cluster:
            for own in keys:
                pipeline.execute_command("MGET", *own)
        elif keys:
            pipeline.execute_command("MGET", *[key for own in keys for key in own])
        if not fresh:
            pipeline.execute_command("SMEMBERS", self._keys.rooms)
            pipeline.execute_command("GET", self._keys.health)
        replies = pipeline.execute()
        if not fresh:
            *replies, rooms, health = replies
            self._rooms = frozenset(room.decode() for room in rooms)
            self._replayed_to_ms = _replayed_to(value_of(self._keys.health, health))
            self._read_ms = read_ms
        if now_ms is None:
            now_ms = read_ms if self._replayed_to_ms is None else self._replayed_to_ms
        return [value for reply in replies for value in reply], now_ms

    def _told(self, room_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What is stored about these rooms."""
        if not room_ids:
            return {}
        pipeline = self._client.pipeline(transaction=False)
        keys = [self._keys.room(room_id) for room_id in room_ids]
        for key in keys:
            pipeline.execute_command("GET", key)
        bodies = pipeline.execute()
        return {
            room_id: value_of(key, body)
            for room_id, key, body in zip(room_ids, keys, bodies, strict=True)
        }

    def _one(self, key: str) -> dict[str, Any]:
        return value_of(key, self._client.get(key))

    def _view(
        self, user_id: str, keys: Sequence[str], bodies: Sequence[bytes | None], now_ms: int
    ) -> UserView:
        tags = tags_of(keys[0], bodies[0])
        recs = recs_of(keys[1], bodies[1])
        push = value_of(keys[2], bodies[2])
        pushes = [
            decision
            for decision in _decisions(push)
            if decision.value.get("expires_at_ms") is None
            or decision.value["expires_at_ms"] > now_ms
        ]
        return UserView(
            user_id=user_id,
            now_ms=now_ms,
            tags=aged(tags.tiles, tags.as_of_ms, now_ms),
            items=recs.shown(self._rooms),
            pushes=pushes,
            request_id=recs.request_id,
            model=recs.model,
            versions=(tags.version, recs.version, push.get("version", 0)),
        )


def _decisions(push: dict[str, Any]) -> list[PushDecision]:
    return [
        PushDecision(item.get("push_id", ""), reasons_of(item.get("reasons", ())), item)
        for item in push.get("decisions", ())
    ]


def _replayed_to(health: dict[str, Any]) -> int | None:
    """The newest event time where a replay wrote this health value, else None."""
    if health.get("mode") != "replay":
        return None
    newest_ms = health.get("newest_event_time_ms")
    return newest_ms if isinstance(newest_ms, int) else None
