"""What users' signals do: windows and profile change, lists are labelled, a slate is asked for."""

from __future__ import annotations

from typing import Any

from events import kinds
from features.lists import Lists
from features.more import NOTED, note_more
from features.observed import Signal
from features.pointing import pointed_tags
from features.profile import note
from features.recent import engage
from features.rows import Link, RowEvent
from features.shard import Shard
from features.strengths import measure
from features.taste import add
from features.timers import SLATE, UNKNOWN
from features.user import User


class Signals:
    """Counts signals; one of an item that is unknown waits out the lateness."""

    def __init__(self, shard: Shard, lists: Lists) -> None:
        self._shard = shard
        self._lists = lists
        self._settings = shard.context.observe
        self._measure = measure(shard.context.strengths)
        self._recent = shard.context.recent
        self._more = shard.context.more
        self.waiting: dict[str, RowEvent] = {}

    @property
    def kinds(self) -> list[type]:
        """The kinds of event that weigh something."""
        return list(self._measure)

    def take(self, event: Signal, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Take a signal: profile and labels at once, the windows when its item is known."""
        amount = self._measure[type(event)](event)
        self._profile(event, person, user, clock_ms, seq)
        room_id = getattr(event, "room_id", None)
        if room_id is not None:
            self._lists.label(event, room_id, person, user, clock_ms, seq)
        if amount:
            tags = pointed_tags(self._shard.catalogue, event, seq)
            if tags is None:
                self.waiting[event.event_id] = event
                self._shard.timers.set((clock_ms, UNKNOWN, person, event.event_id))
            else:
                self._count(event, person, user, tags, amount, clock_ms, seq)

    def _count(
        self, event: Any, person: str, user: User, tags: list[str], amount: int,
        clock_ms: int, seq: int,
    ) -> None:  # fmt: skip
        """Add a signal to the windows, and ask for a slate."""
        shard = self._shard
        if not user.ladder.add(event.event_time_ms, tags, amount):
            shard.counts["too_old"] += 1
            return
        if len(user.ladder.tags) > self._settings.tags_max:
            shard.counts["tags_dropped"] += user.ladder.drop_weakest(self._settings.tags_max)
        user.signals += 1
        if amount > 0:
            user.strength += amount / 1000.0
            self._choose(event, user, amount / 1000.0, seq)
        user.bump_hour(shard.hour_of(event.event_time_ms, user.timezone))
        shard.counts["signals"] += 1
        shard.changed_tags[person] = None
        shard.views.changed(person)
        second = clock_ms // 1000
        if user.slate_s < second:
            shard.wish(person, user, clock_ms, seq)
        elif not user.slate_due:
            user.slate_due = True
            grace_ms = shard.context.slate_grace_ms
            due_ms = (second + 1) * 1000 - shard.context.lateness_ms + grace_ms
            shard.timers.set((due_ms, SLATE, person, ""))
            if grace_ms:
                shard.put_off.append(person)

    def _choose(self, event: Any, user: User, units: float, seq: int) -> None:
        """Count a signal for a room towards the user's taste in its attributes."""
        room_id = getattr(event, "room_id", None)
        if room_id is None:
            return
        content = self._shard.context.scenes.content(seq)
        number = content.number.get(room_id)
        if number is not None and content.attribute_names:
            row = content.attribute_row(number)
            user.attributes_chosen = add(user.attributes_chosen, row, units)

    def _profile(self, event: Signal, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Hosts, follows, price band, rooms just left, and an order taken back."""
        self._shard.views.changed(person)
        room_id: str | None = getattr(event, "room_id", None)
        host_id: str | None = getattr(event, "host_id", None)
        if host_id is None and room_id is not None:
            room = self._shard.catalogue.room(room_id, event.event_time_ms, seq)
            host_id = room.host_id if room is not None else None
        amount = self._measure[type(event)](event)
        note(user, event, host_id, amount, clock_ms, self._settings)
        if self._more is not None and type(event) in NOTED:
            note_more(user, event, self._more)
        if self._recent is not None and amount and room_id is not None:
            engage(user, room_id, amount, event.event_time_ms, self._recent.rooms_max)
        if isinstance(event, kinds.Refund):
            self._lists.refunded(person, user, event.order_id, clock_ms)

    def look_again(
        self, event_id: str, user_id: str, user: User | None, clock_ms: int, seq: int
    ) -> None:
        """A signal of an unknown item has waited out the lateness: look once more, then count."""
        event = self.waiting.pop(event_id, None)
        if event is None or user is None or not user.profiling:
            return
        seq = self._shard.catalogue.seq_at(clock_ms, seq)
        tags = pointed_tags(self._shard.catalogue, event, seq)
        if tags is None:
            self._shard.counts["unknown_item"] += 1
            return
        amount = self._measure[type(event)](event)
        self._count(event, user_id, user, tags, amount, clock_ms, seq)

    def linked(self, event: Link, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Signals of an identity that turned out to be this user's count in the windows, once."""
        for signal in event.signals:
            self._shard.counts["linked"] += 1
            measured = self._measure.get(type(signal))
            amount = measured(signal) if measured is not None else 0
            tags = pointed_tags(self._shard.catalogue, signal, seq) if amount else None
            if tags is not None:
                self._count(signal, person, user, tags, amount, clock_ms, seq)

    def forget(self, person: str) -> None:
        """Drop what of a person's waits."""
        for event_id in self._shard.timers.of(UNKNOWN, person) if self.waiting else ():
            self.waiting.pop(event_id, None)
