"""A keyed step of the engine, cut down to what ours need: take items, say again, pack.

Without recovery a snapshot would be thrown away, so none is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bytewax.operators import StatefulBatchLogic

from flows.faults import noted

Logic = StatefulBatchLogic[Any, Any, bytes]


class Step(Logic):
    """Items in and out as they come; a resumed step speaks first (`resend`)."""

    def __init__(self, resumed: bool, recovers: bool) -> None:
        self._resend_at = datetime.now(UTC) if resumed else None
        self._recovers = recovers

    @noted
    def on_batch(self, values: list[Any]) -> tuple[Iterable[Any], bool]:
        """Take a batch of items for this key."""
        if self._resend_at is None:
            return list(self.take(values)), False
        # What is new may come before the engine lets the step speak, and would be told as if
        # nothing had been before it.
        self._resend_at = None
        return [*self.resend(), *self.take(values)], False

    @noted
    def on_notify(self) -> tuple[Iterable[Any], bool]:
        """Once after a restart, before all else: say again what others may have missed."""
        self._resend_at = None
        return list(self.resend()), False

    def on_eof(self) -> tuple[Iterable[Any], bool]:
        """The end of the input adds nothing: the log's last round said so already."""
        return (), False

    def notify_at(self) -> datetime | None:
        """When to speak first."""
        return self._resend_at

    @noted
    def snapshot(self) -> bytes:
        """The kernel's state."""
        return self.pack() if self._recovers else b""

    def take(self, values: list[Any]) -> Iterable[Any]:
        """What comes of a batch."""
        raise NotImplementedError

    def resend(self) -> Iterable[Any]:
        """What is said once after a restart."""
        return ()

    def pack(self) -> bytes:
        """The state as versioned bytes."""
        return b""
