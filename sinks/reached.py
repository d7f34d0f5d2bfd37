"""How far each source has filled Redis, so that what comes again after a restart is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from sinks.keys import Keys
from sinks.link import Call
from sinks.sender import Sender, ignore

_FIELD: Final = "reached:"


class Reached:
    """How far sources have got, by the parts of each; Redis holds what writers before have said."""

    def __init__(self, sender: Sender, keys: Keys) -> None:
        self._sender = sender
        self._key = keys.epoch.encode()
        self._before: dict[str, dict[str, int]] | None = None
        self._said: dict[str, bytes] = {}

    def advance(self, source: str, now: Mapping[str, int]) -> bool:
        """Note how far a source has got; whether that is past what was delivered before."""
        if self._before is None:
            self._before = self._delivered_before()
        before = self._before.get(source)
        if before is not None and all(now.get(part, -1) >= end for part, end in before.items()):
            del self._before[source]
            before = None
        furthest = dict(now)
        for part, end in (before or {}).items():
            furthest[part] = max(end, furthest.get(part, end))
        self._said[source] = orjson.dumps(furthest)
        return before is None

    def calls(self) -> list[Call]:
        """What says how far sources have got since the last time."""
        if not self._said:
            return []
        parts = [b"HSET", self._key]
        for source, body in self._said.items():
            parts += (f"{_FIELD}{source}".encode(), body)
        self._said = {}
        return [Call(parts, ignore)]

    def _delivered_before(self) -> dict[str, dict[str, int]]:
        answers: list[Any] = []
        self._sender.post([Call([b"HGETALL", self._key], answers.append)])
        self._sender.flush()
        answer = answers[0]
        if not isinstance(answer, dict):  # as the protocol has it; a cluster's client makes a dict
            answer = dict(zip(answer[::2], answer[1::2], strict=True))
        stored = {name.decode(): body for name, body in answer.items()}
        return {
            name.removeprefix(_FIELD): orjson.loads(body)
            for name, body in stored.items()
            if name.startswith(_FIELD)
        }
