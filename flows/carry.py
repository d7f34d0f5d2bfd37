"""From the process that has read a round to the shards of all: one message a process, not a shard.

An item that crosses costs the engine several times what it costs to work on the two or three rows
that a shard has in a live round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flows.messages import Carried
from flows.routing import worker_names, worker_of
from flows.runtime import Runtime
from flows.step import Step

Take = Callable[[Sequence[str], Any], Iterable[tuple[str, Any]]]
"""The items of a round, with the shard that each goes to by its name."""


class Carriage:
    """Puts the items of a round together by the process that has their shards."""

    def __init__(self, runtime: Runtime, take: Take, kind: type[Carried] = Carried) -> None:
        self._take = take
        self._kind = kind
        self._names = runtime.shard_names
        self._workers = worker_names(runtime.workers)
        self._home = {name: worker_of(name, runtime.workers) for name in self._names}

    def load(self, round: Any) -> Iterable[tuple[str, Carried]]:
        """What goes to each process, those left out to which nothing goes."""
        items: list[list[Any]] = [[] for _ in self._workers]
        for name, item in self._take(self._names, round):
            items[self._home[name]].append(item)
        return [
            (worker, self._kind(some))
            for worker, some in zip(self._workers, items, strict=True)
            if some
        ]

    def unload(self, batch: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """What has arrived, by the shard that it goes to."""
        return [(self._names[item.shard], item) for _, item in batch]


class CarryStep(Step):
    """One key a worker: hands on what has come, in order. It has no state."""

    def __init__(self, state: bytes | None) -> None:
        super().__init__(False, False)

    def take(self, values: list[Carried]) -> Iterable[Any]:
        """Rounds from any process."""
        return [item for value in values for item in value.items]
