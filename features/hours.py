"""The hour of the day where a user lives."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_HOUR_MS = 3_600_000
_KEPT_MAX = 4096


class HourOf:
    """Local hour (0 to 23) of an event time, remembered by zone and hour."""

    def __init__(self, default_zone: str) -> None:
        self._default = default_zone
        self._known: dict[tuple[str, int], int] = {}

    def __call__(self, time_ms: int, zone: str) -> int:
        """The hour in the zone, in the default one where `zone` is empty."""
        key = (zone, time_ms // (_HOUR_MS // 4))
        hour = self._known.get(key)
        if hour is None:
            if len(self._known) >= _KEPT_MAX:
                self._known.clear()
            moment = datetime.fromtimestamp(time_ms // 1000, UTC)
            hour = moment.astimezone(ZoneInfo(zone or self._default)).hour
            self._known[key] = hour
        return hour
