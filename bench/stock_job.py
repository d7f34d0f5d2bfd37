"""What each step of the stock job does to one event: plain dicts, one user's state at a time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from bench.stock_rank import Learner, Rooms
from bench.taste import SIGNAL_KINDS, Catalogue, Json, strength

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTH = timedelta(hours=1)
OFFSET = timedelta(minutes=10)
LISTS_MAX = 3
SLATE_GAP_MS = 1_000

Signal = tuple[datetime, float, tuple[str, ...]]
Example = tuple[dict[str, float], bool]
State = dict[str, Any]
Write = tuple[str, bytes]


class Job:
    """What the steps share on their one worker: the catalogue, the rooms' counts, the model."""

    def __init__(self, catalogue: Catalogue, last_ms: int, rank_by: str) -> None:
        self.catalogue = catalogue
        self.rooms = Rooms(catalogue.live_rooms(), last_ms)
        self.learner = Learner()
        self.rank_by = rank_by
        self.counts: Counter[str] = Counter()
        # The windows still open when the log ends close then, six a user. A live job would
        # write one of them every ten minutes, so only the one that closes next is written.
        last = EPOCH + timedelta(milliseconds=last_ms)
        self._window_last = (last - LENGTH - EPOCH) // OFFSET + 1

    def signal(self, event: Json) -> Signal | None:
        """When, how strong and which tags; None for an event that counts for nothing."""
        if event["kind"] not in SIGNAL_KINDS:
            return None
        when = EPOCH + timedelta(milliseconds=event["event_time_ms"])
        return when, strength(event), tuple(self.catalogue.tags(event))

    def profile(
        self, state: State | None, event: Json
    ) -> tuple[State, tuple[list[Example], State | None]]:
        """Fold one event into a user's profile; out come examples, and the profile to rank for.

        A click labels its own room's impression and, as not clicked, those that stood above it.
        """
        if state is None:
            state = {
                "tags": {},
                "follows": set(),
                "visited": set(),
                "lists": {},
                "slate_ms": 0,
                "version": 0,
            }
        kind = event["kind"]
        row = self.rooms.row_of.get(event.get("room_id", ""))
        if kind == "impression" and row is not None:
            self._show(state, event, row)
        if kind not in SIGNAL_KINDS:
            return state, ([], None)
        examples: list[Example] = []
        if kind == "click" and row is not None:
            self.rooms.click(row)
            examples = _label(state["lists"].get(event.get("request_id"), {}), row)
            state["visited"].add(row)
        elif kind == "follow":
            state["follows"].add(event["host_id"])
        tags, value = state["tags"], strength(event)
        for tag in self.catalogue.tags(event):
            tags[tag] = tags.get(tag, 0.0) + value
        state["version"] += 1
        if event["event_time_ms"] - state["slate_ms"] < SLATE_GAP_MS:
            return state, (examples, None)
        state["slate_ms"] = event["event_time_ms"]
        return state, (examples, state)

    def _show(self, state: State, event: Json, row: int) -> None:
        lists = state["lists"]
        request_id = event["request_id"]
        if request_id not in lists:
            if len(lists) == LISTS_MAX:
                del lists[next(iter(lists))]
            lists[request_id] = {}
        lists[request_id][row] = (event["position"], self.rooms.features(row, state))
        self.rooms.show(row)

    def learn(self, out: tuple[list[Example], State | None]) -> State | None:
        """Learn the examples of one event; pass on the profile, if there is one to rank for."""
        examples, state = out
        for features, engaged in examples:
            self.learner.learn(features, engaged)
        return state

    def recs(self, keyed: tuple[str, State]) -> Write:
        """Rank for one user: a write."""
        user_id, state = keyed
        self.counts["slates"] += 1
        items = [
            {"room_id": room_id, "score": score, "source": "model"}
            for room_id, score in self.rooms.best(state, self.learner, self.rank_by)
        ]
        value = {"v": 1, "version": state["version"], "as_of_ms": state["slate_ms"], "items": items}
        return f"stock:{{{user_id}}}:recs", orjson.dumps(value)

    def tags(self, closed: tuple[str, tuple[int, dict[str, float]]]) -> Write | None:
        """The tag sums of a closed window: a write."""
        user_id, (window, sums) = closed
        if window > self._window_last:
            return None
        return f"stock:{{{user_id}}}:tags", orjson.dumps({"v": 1, "window": window, "tags": sums})


def _label(shown: dict[int, tuple[int, dict[str, float]]], clicked: int) -> list[Example]:
    if clicked not in shown:
        return []
    last = shown[clicked][0]
    seen = [row for row, (position, _) in shown.items() if position <= last]
    return [(shown.pop(row)[1], row == clicked) for row in seen]


def add(sums: dict[str, float], signal: Signal) -> dict[str, float]:
    """Fold a signal into a window's sums."""
    for tag in signal[2]:
        sums[tag] = sums.get(tag, 0.0) + signal[1]
    return sums


def merge(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    """Fold one window's sums into another's."""
    for tag, value in right.items():
        left[tag] = left.get(tag, 0.0) + value
    return left
