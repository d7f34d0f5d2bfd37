"""What a product server reads: lists, tag weights, pushes as they hold now, reasons in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from redis.cluster import RedisCluster

from decisions.outputs import LAYOUT
from sinks.ageing import aged
from sinks.connect import Client
from sinks.keys import Keys
from sinks.phrases import render

_NAMES: Final = ("tags", "recs", "push")
_ROOMS_CACHE_MS: Final = 1_000


class UnknownLayout(Exception):
    """A value in Redis is not of the layout that this reader knows; the message names the key."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with its arguments."""

    code: str
    args: tuple[Any, ...]

    @property
    def zh(self) -> str:
        """The reason in Chinese."""
        return render(self.code, self.args, "zh")

    @property
    def en(self) -> str:
        """The reason in English."""
        return render(self.code, self.args, "en")


@dataclass(frozen=True, slots=True)
class Item:
    """One place of a list."""

    room_id: str
    score: float
    source: str
    reasons: tuple[Reason, ...]
    propensity: float | None


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
    the same round trip, and kept for `rooms_cache_ms` by that clock. One reader serves one thread.
    """

    def __init__(
        self,
        client: Client,
        prefix: str,
        clock_ms: Callable[[], int],
        rooms_cache_ms: int = _ROOMS_CACHE_MS,
    ) -> None:
        self._client: Any = client
        self._cluster = isinstance(client, RedisCluster)
        self._keys = Keys(prefix, 1)
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
        read_ms = self._clock_ms()
        fresh = self._read_ms is not None and 0 <= read_ms - self._read_ms < self._cache_ms
        keys = [[self._keys.user(user, name) for name in _NAMES] for user in user_ids]
        pipeline = self._client.pipeline(transaction=False)
        if self._cluster:
            for three in keys:
                pipeline.execute_command("MGET", *three)
        elif keys:
            pipeline.execute_command("MGET", *[key for three in keys for key in three])
        if not fresh:
            pipeline.execute_command("SMEMBERS", self._keys.rooms)
            pipeline.execute_command("GET", self._keys.health)
        replies = pipeline.execute()
        if not fresh:
            *replies, rooms, health = replies
            self._rooms = frozenset(room.decode() for room in rooms)
            self._replayed_to_ms = _replayed_to(_parse(self._keys.health, health))
            self._read_ms = read_ms
        values = [value for reply in replies for value in reply]
        if now_ms is None:
            now_ms = read_ms if self._replayed_to_ms is None else self._replayed_to_ms
        views = []
        for place, (user, three) in enumerate(zip(user_ids, keys, strict=True)):
            bodies = values[3 * place : 3 * place + 3]
            parsed = [_parse(key, body) for key, body in zip(three, bodies, strict=True)]
            views.append(self._view(user, parsed, now_ms))
        return views

    def push_history(self, user_ids: Sequence[str]) -> list[list[PushDecision]]:
        """Every push decision stored of these users, expired ones too, newest first."""
        keys = [self._keys.user(user, "push") for user in user_ids]
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.execute_command("GET", key)
        bodies = pipeline.execute() if keys else []
        return [_decisions(_parse(key, body)) for key, body in zip(keys, bodies, strict=True)]

    def room(self, room_id: str) -> dict[str, Any]:
        """What is stored about a room; empty where nothing is."""
        return self._one(self._keys.room(room_id))

    def model(self, name: str) -> dict[str, Any]:
        """A model's card; empty where there is none."""
        return self._one(self._keys.model(name))

    def health(self) -> dict[str, Any]:
        """The health value; empty where there is none."""
        return self._one(self._keys.health)

    def _one(self, key: str) -> dict[str, Any]:
        return _parse(key, self._client.get(key))

    def _view(self, user_id: str, parsed: list[dict[str, Any]], now_ms: int) -> UserView:
        tags, recs, push = parsed
        legend = recs.get("reasons", ())
        items = [
            Item(
                room_id=item["room_id"],
                score=item["score"],
                source=item["source"],
                reasons=_reasons(legend[place] for place in item.get("reasons", ())),
                propensity=item.get("propensity"),
            )
            for item in recs.get("items", ())
            if item["room_id"] in self._rooms
        ]
        pushes = [
            decision
            for decision in _decisions(push)
            if decision.value.get("expires_at_ms") is None
            or decision.value["expires_at_ms"] > now_ms
        ]
        return UserView(
            user_id=user_id,
            now_ms=now_ms,
            tags=aged(tags.get("tiles", {}), tags.get("as_of_ms", 0), now_ms),
            items=items,
            pushes=pushes,
            request_id=recs.get("request_id", ""),
            model=recs.get("model", ""),
            versions=(tags.get("version", 0), recs.get("version", 0), push.get("version", 0)),
        )


def _decisions(push: dict[str, Any]) -> list[PushDecision]:
    return [
        PushDecision(item.get("push_id", ""), _reasons(item.get("reasons", ())), item)
        for item in push.get("decisions", ())
    ]


def _reasons(stored: Iterable[Sequence[Any]]) -> tuple[Reason, ...]:
    """Reasons whose arguments follow the code, or are a list behind it."""
    reasons = []
    for code, *args in stored:
        if len(args) == 1 and isinstance(args[0], list):
            args = args[0]
        reasons.append(Reason(code, tuple(args)))
    return tuple(reasons)


def _replayed_to(health: dict[str, Any]) -> int | None:
    """The newest event time where a replay wrote this health value, else None."""
    if health.get("mode") != "replay":
        return None
    newest_ms = health.get("newest_event_time_ms")
    return newest_ms if isinstance(newest_ms, int) else None


def _parse(key: str, body: bytes | None) -> dict[str, Any]:
    if body is None:
        return {}
    try:
        value: dict[str, Any] = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnknownLayout(f"{key} is not JSON ({error}): something else wrote there") from None
    if value.get("v") != LAYOUT:
        raise UnknownLayout(
            f"{key} has layout v={value.get('v')}, this reader knows v={LAYOUT}: "
            "use the reader that came with the program that writes there"
        )
    return value
