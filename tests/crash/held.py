"""What a run has left in Redis, as values that can be compared with another run's."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import redis

_OWN = ("health", "epoch")


@dataclass
class Held:
    """Everything under a prefix, which is left out of the names, but the writers' own marks."""

    values: dict[str, bytes] = field(default_factory=dict)
    pushes: list[dict[str, Any]] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)

    def named(self, name: str) -> dict[str, bytes]:
        """All users' values of one name."""
        return {key: body for key, body in self.values.items() if key.endswith(f"}}:{name}")}

    @property
    def examples(self) -> dict[str, int]:
        """How many examples each model has learnt from."""
        cards = {k: json.loads(v) for k, v in self.values.items() if k.startswith("model:")}
        return {name: card["examples"] for name, card in cards.items()}

    @property
    def pushes_twice(self) -> list[str]:
        """Pushes that stand in the streams more than once."""
        counted = Counter(push["push_id"] for push in self.pushes)
        return [push_id for push_id, times in counted.items() if times > 1]

    def beyond_cap(self, span_ms: int, most: int) -> list[str]:
        """Users who got more pushes than `most` within any time as long as `span_ms`."""
        times: dict[str, list[int]] = {}
        for push in self.pushes:
            times.setdefault(push["user_id"], []).append(push["not_before_ms"])
        return [
            user
            for user, at in times.items()
            for late, early in zip(sorted(at)[most:], sorted(at), strict=False)
            if late - early < span_ms
        ]


def held(url: str, prefix: str) -> Held:
    """All that stands in Redis under a prefix."""
    client: Any = redis.Redis.from_url(url)
    found = Held()
    for key in sorted(client.scan_iter(f"{prefix}*", count=1_000)):
        name = key.decode().removeprefix(prefix)
        kind = client.type(key)
        if name in _OWN:
            continue
        if kind == b"string":
            found.values[name] = client.get(key)
        elif kind == b"stream":
            found.pushes += [json.loads(entry[b"d"]) for _, entry in client.xrange(key)]
        elif kind == b"set":
            found.others[name] = client.smembers(key)
        elif kind == b"zset":
            found.others[name] = client.zrange(key, 0, -1, withscores=True)
    found.pushes.sort(key=lambda push: str(push["push_id"]))
    client.close()
    return found


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Names whose values are not the same."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
