"""LEARN in a live run: a second's examples in small helpings, so that nothing waits behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.live_runtime import LiveRuntime
from flows.messages import Learnable
from flows.steps import LearnStep

EXAMPLES_MAX = 32
"""A few milliseconds' work."""
_EPOCH_END_MS, _EPOCH_SHARE = 50, 0.1
"""About as long as an epoch takes to end; of a short epoch no larger a share."""


class LiveLearnStep(LearnStep):
    """Learns up to the second that all shards have passed, one helping whenever it is woken.

    When an epoch ends it rests for a while. No row is read until all of that is written, the
    engine would have a helping between any two of its writes, and what is learnt can wait.
    """

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        super().__init__(runtime, state)
        self._now = runtime.now
        self._rest_ms = min(
            _EPOCH_END_MS, round(1000 * _EPOCH_SHARE * runtime.settings.flow.epoch_s)
        )
        self._rests_until_ms = 0
        self._goal_s = self._closed_s
        self._is_new = state is not None

    def take(self, values: list[Learnable]) -> Iterable[Any]:
        """Examples of shards, and how far each shard is."""
        self._goal_s = max(self._goal_s, self._gather(values))
        return self._go_on()

    def notify_at(self) -> datetime | None:
        """At once while there is more to learn, or after its rest."""
        if self._goal_s > self._closed_s:
            return datetime.now(UTC) + timedelta(milliseconds=self._rest())
        return super().notify_at()

    def pack(self) -> bytes:
        """The state; taken when an epoch ends."""
        self._rests_until_ms = self._now() + self._rest_ms
        return super().pack()

    def resend(self) -> Iterable[Any]:
        """The next helping; after a restart the weights that may still be used before it."""
        if self._is_new:
            self._is_new = False
            yield from super().resend()
        yield from self._go_on()

    def _rest(self) -> int:
        """How long it rests still, in ms; a clock that is set back meanwhile ends it."""
        left_ms = self._rests_until_ms - self._now()
        return left_ms if 0 < left_ms <= self._rest_ms else 0

    def _go_on(self) -> Iterator[Any]:
        if self._goal_s > self._closed_s and not self._rest():
            tables, is_all = self._learn.close_some(self._goal_s, EXAMPLES_MAX)
            if is_all:
                self._closed_s = self._goal_s
            if is_all or tables:
                yield from self._say(tables, self._closed_s)
