"""The lists that hold now, in memory: what Redis is to a product server, for a simulated world."""

from __future__ import annotations

from typing import Any

import msgspec
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from decisions.outputs import Delivery, decode
from simulator.live import Given


class Screens:
    """Each person's newest list, cut to so many rooms."""

    def __init__(self, rooms_max: int) -> None:
        self._rooms_max = rooms_max
        self._lists: dict[str, bytes] = {}

    def put(self, delivery: Delivery) -> None:
        """Take what is for product servers; what was erased goes first."""
        for user_id, name in delivery.erased:
            if name == "recs":
                self._lists.pop(user_id, None)
        for write in delivery.writes:
            if write.name == "recs":
                self._lists[write.user_id] = write.body

    def ask(self, person: str) -> Given | None:
        """The list for a person; None where nothing was decided for them yet."""
        body = self._lists.get(person)
        if body is None:
            return None
        value: dict[str, Any] = msgspec.json.decode(body)
        items = value["items"][: self._rooms_max]
        rooms = [item["room_id"] for item in items]
        return None, rooms, [item["propensity"] for item in items]


class _ScreensPartition(StatefulSinkPartition[Delivery | bytes, None]):
    def __init__(self, screens: Screens) -> None:
        self._screens = screens

    def write_batch(self, values: list[Delivery | bytes]) -> None:
        for value in values:
            self._screens.put(decode(value) if isinstance(value, bytes) else value)

    def snapshot(self) -> None:
        pass


class ScreensSink(FixedPartitionedSink[Delivery | bytes, None]):
    """Deliveries to the screens. Guarantee: none beyond this process; a trial is never resumed."""

    def __init__(self, screens: Screens) -> None:
        self._screens = screens

    def list_parts(self) -> list[str]:
        """All screens are one."""
        return ["screens"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _ScreensPartition:
        """The screens themselves."""
        return _ScreensPartition(self._screens)
