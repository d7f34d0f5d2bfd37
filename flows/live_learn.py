"""LEARN in a live run: a second's examples in small helpings, so that nothing waits behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from flows.live_runtime import LiveRuntime
from flows.messages import Learnable
from flows.steps import LearnStep

EXAMPLES_MAX = 32
"""A few milliseconds' work."""


class LiveLearnStep(LearnStep):
    """Learns up to the second that all shards have passed, one helping whenever it is woken."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        super().__init__(runtime, state)
        self._goal_s = self._closed_s
        self._is_new = state is not None

    def take(self, values: list[Learnable]) -> Iterable[Any]:
        """Examples of shards, and how far each shard is."""
        self._goal_s = max(self._goal_s, self._gather(values))
        return self._go_on()

    def notify_at(self) -> datetime | None:
        """At once while there is more to learn."""
        if self._goal_s > self._closed_s:
            return datetime.now(UTC)
        return super().notify_at()

    def resend(self) -> Iterable[Any]:
        """The next helping; after a restart the weights that may still be used before it."""
        if self._is_new:
            self._is_new = False
            yield from super().resend()
        yield from self._go_on()

    def _go_on(self) -> Iterator[Any]:
        if self._goal_s > self._closed_s:
            tables, is_all = self._learn.close_some(self._goal_s, EXAMPLES_MAX)
            if is_all:
                self._closed_s = self._goal_s
            if is_all or tables:
                yield from self._say(tables, self._closed_s)
