"""The plainest rankers there are, so that a model is never praised for less than counting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

BASELINES = ("random", "popularity", "item_click_rate", "as_shown")


class RoomCounts:
    """Impressions and engagements a room, of every second closed so far.

    A list is judged with the counts of all examples due before its own second: never fewer than
    were known when it was shown, so the baselines are if anything flattered. An impression that
    was sampled counts by its weight. Space: O(rooms_max); the room longest without an example
    leaves first.
    """

    def __init__(self, rooms_max: int, prior_impressions: float) -> None:
        self._rooms_max = rooms_max
        self._prior = prior_impressions
        self._rooms: dict[str, tuple[float, float]] = {}
        self._engaged = 0.0
        self._shown = 0.0

    def add(self, room: str, engaged: bool, impressions: float) -> None:
        """Counts an example that stands for so many impressions."""
        clicks, shown = self._rooms.pop(room, (0.0, 0.0))
        gained = impressions if engaged else 0.0
        self._rooms[room] = (clicks + gained, shown + impressions)
        self._engaged += gained
        self._shown += impressions
        if len(self._rooms) > self._rooms_max:
            del self._rooms[next(iter(self._rooms))]

    def popularity(self, rooms: Iterable[str]) -> list[float]:
        """Engagements of each room."""
        return [self._rooms.get(room, (0.0, 0.0))[0] for room in rooms]

    def click_rate(self, rooms: Iterable[str]) -> list[float]:
        """Engagements an impression of each room, drawn towards the rate over all rooms."""
        base = self._engaged / self._shown if self._shown else 0.0
        prior = self._prior
        held = (self._rooms.get(room, (0.0, 0.0)) for room in rooms)
        return [(clicks + prior * base) / (shown + prior) for clicks, shown in held]

    def snapshot(self) -> tuple[float, float, list[tuple[str, float, float]]]:
        """The counts as plain values, longest unseen first."""
        rooms = [(room, clicks, shown) for room, (clicks, shown) in self._rooms.items()]
        return self._engaged, self._shown, rooms

    def restore(self, state: tuple[float, float, Sequence[tuple[str, float, float]]]) -> None:
        """Continues a snapshot."""
        self._engaged, self._shown, rooms = state
        kept = rooms[max(0, len(rooms) - self._rooms_max) :]
        self._rooms = {room: (clicks, shown) for room, clicks, shown in kept}
