"""Event times as people read them, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_DAY_MS = 86_400_000


def day_and_time(at_ms: int) -> str:
    """Day and minute.

    >>> day_and_time(1750246200000)
    '2025-06-18 11:30 UTC'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def moment_text(begin_ms: int, end_ms: int) -> Callable[[float], str]:
    """How to write a moment of a period: by the minute within two days, else by the day."""
    form = "%H:%M" if end_ms - begin_ms < 2 * _DAY_MS else "%Y-%m-%d"

    def text(at_ms: float) -> str:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime(form)

    return text
