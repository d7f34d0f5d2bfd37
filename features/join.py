"""The join of impressions and feedback: what was shown, as it looked then, and what came of it.

A list stays open until some time after its last click, or until the label horizon. It becomes
examples once: clicked and otherwise engaged items, their neighbours in the list as negatives,
and a weighted sample of lists that nobody touched. Orders and refunds come late, on their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from events.hashing import uniform
from events.setting import setting
from features.example import Example
from features.sides import Side
from features.user import CLICKED, ENGAGED, LEFT, STAYED, WATCHED, Awaiting, OpenList, User

UNKNOWN = -1
T = TypeVar("T")
_ENGAGING = (
    *("click", "dwell", "like", "view", "comment", "join", "share", "favourite", "cart_add"),
    *("gift", "order", "refund", "reserve", "follow", "dwell"),
)


@dataclass(frozen=True)
class JoinSettings:
    """How long feedback is waited for, and what is learnt from."""

    open_lists_max: int = setting(3, "lists a user", "A fourth list closes the oldest.", least=1)
    list_items_max: int = setting(60, "items a list", "Longer lists are cut.", least=1)
    label_horizon_s: int = setting(600, "s", "Feedback after ten minutes is not the list's doing.")
    after_click_s: int = setting(
        30, "s", "Who clicked and came back this much later has passed over the rest."
    )
    engaging: tuple[str, ...] = setting(
        _ENGAGING,
        "kinds of event",
        "Feedback that makes an impression an engaged one; a dwell only where it is long.",
    )
    long_dwell_ms: int = setting(30_000, "ms", "A stay this long is engagement.")
    quick_leave_ms: int = setting(5_000, "ms", "A stay shorter than this is a no.")
    clicked_share: float = setting(
        0.2,
        "share",
        "Of the other items of a clicked list, how many are learnt, each weighing 1/share; all of "
        "them teach hardly more.",
        most=1,
    )
    untouched_share: float = setting(
        0.1,
        "share",
        "Of the items of untouched lists, how many are learnt, each weighing 1/share.",
        most=1,
    )
    order_horizon_s: int = setting(1800, "s", "An order this long after the list still counts.")
    refund_horizon_s: int = setting(7 * 86_400, "s", "A refund this late still unlearns its order.")
    awaiting_max: int = setting(8, "rooms a user", "Clicked rooms whose order may still come.")

    def __post_init__(self) -> None:
        unknown = sorted(set(self.engaging) - set(_ENGAGING))
        if unknown:
            raise ValueError(f"engaging names {unknown}; use of {', '.join(_ENGAGING)}")


class Join:
    """The join's operations on a user's lists; `width` is the number of features."""

    def __init__(self, settings: JoinSettings, width: int, seed: int) -> None:
        self.settings = settings
        self.width = width
        self.seed = seed
        self.crowded_out = 0
        self.cut = 0

    def open(self, user: User, request_id: str, time_ms: int) -> tuple[OpenList, OpenList | None]:
        """The open list of a request, made if need be, and the list that had to close for it."""
        for shown in user.lists:
            if shown.request_id == request_id:
                return shown, None
        evicted = None
        if len(user.lists) >= self.settings.open_lists_max:
            # One whose time is over, and that only late feedback is waited for, goes first.
            over = [place for place, one in enumerate(user.lists) if one.close_ms < time_ms]
            evicted = user.lists.pop(over[0] if over else 0)
            self.crowded_out += not over
        shown = OpenList(request_id, time_ms, time_ms + self.settings.label_horizon_s * 1000)
        user.lists.append(shown)
        return shown, evicted

    def fitting(self, shown: OpenList, items: list[T]) -> list[T]:
        """The items for which the list has room; the others are counted as cut."""
        room = self.settings.list_items_max - len(shown.rooms)
        if len(items) <= room:
            return items
        self.cut += len(items) - room
        return items[:room]

    @staticmethod
    def show(
        shown: OpenList, rooms: Sequence[str], positions: Sequence[int], vectors: bytes
    ) -> None:
        """Add items with their vectors (float32 rows, each with the click rate behind it)."""
        shown.rooms.extend(rooms)
        shown.positions.extend(positions)
        shown.flags.extend([0] * len(rooms))
        shown.vectors += vectors

    @staticmethod
    def find(
        user: User, room_id: str, request_id: str | None, time_ms: int
    ) -> tuple[OpenList, int] | None:
        """The list and place in which the room was shown: the named list's, else the newest's.

        A list whose time was over by then waits for late feedback alone: whether it has closed yet
        is the watermark's business, and what counts for it must not depend on that.
        """
        for shown in reversed(user.lists):
            if (
                time_ms <= shown.close_ms
                and (request_id is None or shown.request_id == request_id)
                and room_id in shown.rooms
            ):
                return shown, shown.rooms.index(room_id)
        return None

    @staticmethod
    def about_to_await(user: User, room_id: str, time_ms: int) -> OpenList | None:
        """The list whose time is over, in which the room was clicked: its order is awaited next."""
        for shown in reversed(user.lists):
            if time_ms > shown.close_ms and room_id in shown.rooms:
                clicked = shown.flags[shown.rooms.index(room_id)] & CLICKED
                if clicked and room_id not in shown.orders:
                    return shown
        return None

    def label(self, shown: OpenList, place: int, flags: int, time_ms: int) -> None:
        """Note what came of an item; a click moves the list's close to shortly after it."""
        if flags & CLICKED:
            horizon_ms = shown.shown_ms + self.settings.label_horizon_s * 1000
            close_ms = time_ms + self.settings.after_click_s * 1000
            if any(flag & CLICKED for flag in shown.flags):
                # A click that comes late must not close the list before a newer one would.
                close_ms = max(close_ms, shown.close_ms)
            shown.close_ms = min(horizon_ms, close_ms)
        shown.flags[place] |= flags

    def rates(self, shown: OpenList) -> list[float]:
        """The click rate that each item's room had when shown."""
        rows = np.frombuffer(shown.vectors, "<f4").reshape(len(shown.rooms), self.width + 1)
        rates: list[float] = rows[:, self.width].tolist()
        return rates

    def close(
        self,
        user_id: str,
        user: User,
        shown: OpenList,
        due_ms: int,
        room_side: Callable[[str], Side] | None = None,
    ) -> list[Example]:
        """The examples of a list by position; clicked rooms go on to await their orders.

        `room_side` gives that of a room (`features.sides`), where factors are on.
        """
        flags, seed = shown.flags, self.seed
        touched = any(flags) and any(flag & (CLICKED | ENGAGED) for flag in flags)
        share = self.settings.clicked_share if touched else self.settings.untouched_share
        weight = 1.0 / share if 0.0 < share < 1.0 else 1.0
        picked = []
        for place in sorted(range(len(flags)), key=shown.positions.__getitem__):
            event_id = f"{shown.request_id}/{place}"
            sampled = bool(flags[place]) or share >= 1.0 or uniform(event_id, seed) < share
            if sampled or touched:
                picked.append((place, event_id, sampled))
        if not picked:
            return []
        rows = np.frombuffer(shown.vectors, "<f4").reshape(len(flags), self.width + 1)
        vectors, row = rows[:, : self.width].astype("<f8").tobytes(), 8 * self.width
        examples, sides = [], [side for count, side in shown.sides for _ in range(count)]
        for place, event_id, sampled in picked:
            flag = flags[place]
            example = Example(
                due_ms=due_ms,
                user_id=user_id,
                event_id=event_id,
                shown_ms=shown.shown_ms,
                request_id=shown.request_id,
                room_id=shown.rooms[place],
                position=shown.positions[place],
                engaged=1 if flag & (CLICKED | ENGAGED) else 0,
                left=1 if flag & LEFT else 0 if flag & STAYED else UNKNOWN,
                ordered=UNKNOWN,
                watched=_watched(flag),
                weight=1.0 if flag else weight,
                sampled=sampled,
                x=vectors[place * row : place * row + row],
            )
            # Set apart: more than sixteen keywords would make the call four times as slow.
            if room_side is not None:
                example.room_side = room_side(shown.rooms[place])
                example.user_side = sides[place] if sides else []
            examples.append(example)
            if flag & CLICKED:
                self._await_order(user, shown, place)
        return examples

    def _await_order(self, user: User, shown: OpenList, place: int) -> None:
        row = 4 * (self.width + 1)
        user.awaiting.append(
            Awaiting(
                room_id=shown.rooms[place],
                request_id=shown.request_id,
                position=shown.positions[place],
                shown_ms=shown.shown_ms,
                until_ms=shown.shown_ms + self.settings.order_horizon_s * 1000,
                vector=shown.vectors[place * row : place * row + 4 * self.width],
            )
        )

    def ordered(self, user: User, room_id: str, order_id: str, time_ms: int) -> Awaiting | None:
        """The clicked room that an order answers; it goes on to await a refund."""
        for waiting in reversed(user.awaiting):
            if waiting.room_id == room_id and not waiting.order_id and time_ms <= waiting.until_ms:
                waiting.order_id = order_id
                waiting.until_ms = time_ms + self.settings.refund_horizon_s * 1000
                return waiting
        return None

    @staticmethod
    def refunded(user: User, order_id: str) -> Awaiting | None:
        """The order that a refund takes back; it is awaited no more."""
        for place, waiting in enumerate(user.awaiting):
            if waiting.order_id == order_id:
                return user.awaiting.pop(place)
        return None

    def expired(self, user: User, now_ms: int) -> list[Awaiting]:
        """The clicked rooms whose order did not come in time, or for which there is no place."""
        gone = [waiting for waiting in user.awaiting if waiting.until_ms <= now_ms]
        kept = [waiting for waiting in user.awaiting if waiting.until_ms > now_ms]
        excess = len(kept) - self.settings.awaiting_max
        if excess > 0:
            gone += kept[:excess]
            kept = kept[excess:]
        if gone:
            user.awaiting = kept
        return [waiting for waiting in gone if not waiting.order_id]

    def order_example(
        self, user_id: str, waiting: Awaiting, ordered: bool, due_ms: int, event_id: str
    ) -> Example:
        """What an order, its absence, or its refund teaches."""
        return Example(
            due_ms=due_ms,
            user_id=user_id,
            event_id=event_id,
            shown_ms=waiting.shown_ms,
            request_id=waiting.request_id,
            room_id=waiting.room_id,
            position=waiting.position,
            engaged=UNKNOWN,
            left=UNKNOWN,
            ordered=int(ordered),
            weight=1.0,
            sampled=True,
            x=np.frombuffer(waiting.vector, "<f4").astype("<f8").tobytes(),
        )


def _watched(flag: int) -> int:
    """Whether who entered a room stayed long; a long stay that ends is no quick leave."""
    if flag & WATCHED:
        return 1
    return 0 if flag & (LEFT | STAYED) else UNKNOWN
