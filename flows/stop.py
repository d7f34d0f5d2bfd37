"""A request to stop: SIGTERM and Ctrl-C end the input, and the flow ends as at the end of a log."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Protocol


class Asked(Protocol):
    """Who knows whether a stop was asked for."""

    @property
    def asked(self) -> bool:
        """Whether it was."""


class Stop:
    """Whether a stop was asked for."""

    def __init__(self) -> None:
        self.asked = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[Stop]:
        """Take SIGTERM and SIGINT as requests meanwhile; of the main thread alone."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
