"""OBSERVE: one shard's users, their windows, profiles and open lists, row by row.

A shard is a plain object: rows go in, and what DECIDE, LEARN and Redis need comes out. Each row
is taken at its own clock, what is due fires before it, and a row whose scene is not yet certain
waits with all behind it; so the cut of the log into rounds changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from events import kinds
from features.dedupe import Dedupe
from features.lists import Lists
from features.observe_state import ObserveState, pack_state, unpack_state
from features.observed import FACTS, JUDGED, ObserveContext, Observed
from features.records import Records
from features.rows import Link, Rows, Step, merge_rows, unpack_rows
from features.shard import Shard
from features.shelf import Shelves
from features.signals import Signals
from features.tags_value import tags_value
from features.timers import AWAIT, SLATE, UNKNOWN
from features.user import DAY_MS, User

Handler = Callable[[Any, str, User, int, int], None]
"""Takes an event, whose it is, the user, the row's clock (ms), and its place in the catalogue."""

_UNHANDLED: tuple[Handler | None, bool] = (None, False)


class ObserveShard:
    """All users of one shard. Guarantee: the state is a function of the shard's rows alone."""

    def __init__(self, context: ObserveContext, shard: int, shelves: Shelves | None = None) -> None:
        self.shard = shard
        self._context = context
        self._shard = Shard(context, shard, shelves)
        self.people = self._shard.people
        self._lists = Lists(self._shard)
        self._signals = Signals(self._shard, self._lists)
        records = Records(self._shard, self._signals)
        self._dedupe = Dedupe(
            context.observe.dedupe_s + context.lateness_ms // 1000,
            shelves("d") if shelves is not None else None,
        )
        self._rounds: deque[Rows] = deque()
        self._parts: dict[int, Rows] = {}
        self._place = 0
        self._swept_ms = 0
        handlers: dict[type, Handler] = {
            kinds.User: records.user,
            kinds.Erase: records.erase,
            kinds.Unfollow: records.unfollow,
            kinds.Mute: records.mute,
            kinds.Unmute: records.unmute,
            Link: records.link,
            **dict.fromkeys(self._signals.kinds, self._signals.take),
        }
        facts = (*FACTS, *JUDGED) if context.evaluates else FACTS
        self._handlers: dict[type, tuple[Handler | None, bool]] = {
            kind: (handlers.get(kind), kind in facts) for kind in [*handlers, *facts]
        }

    # What goes in, and when it may be worked on.

    def apply(self, rows: Rows) -> None:
        """Take the rows of a round; `drain` works on them once all that they need is there."""
        self._rounds.append(rows)

    def apply_identity(self, rows: Rows) -> None:
        """Take the part of a round that came by way of IDENTITY."""
        self._parts[rows.round] = rows

    def drain(self) -> Observed:
        """Work on all rows that may be, in order, and hand over what came of them."""
        while self._rounds:
            rows = self._rounds[0]
            if rows.identity:
                part = self._parts.pop(rows.round, None)
                if part is None:
                    break
                rows = self._rounds[0] = merge_rows(rows, part)
            if not self._work(rows):
                break
            self._rounds.popleft()
            self._place = 0
            self._finish(rows)
        self._tell_tags()
        shard, people = self._shard, self.people
        people.cool()
        if shard.clock_ms - self._swept_ms > people.sweep_ms:
            self._swept_ms = shard.clock_ms
            people.sweep(shard.clock_ms)
        shard.views.trim()
        return shard.take_out()

    def _tell_tags(self) -> None:
        """Hand over the tags of everyone whose signals changed them."""
        shard = self._shard
        for user_id in shard.changed_tags:
            user = self.people.get(user_id, 0)
            if user is not None:
                shard.out.tags.append((user_id, *tags_value(user)))
        shard.changed_tags.clear()

    def _work(self, rows: Rows) -> bool:
        """Work on the rows from where we are; False when one has to wait."""
        shard, handlers, dedupe = self._shard, self._handlers, self._dedupe
        seen, older, horizon_s = dedupe.recent, dedupe.older, dedupe.horizon_s
        lateness_ms, known = self._context.lateness_ms, self.people.get_or_new
        second = certain_s = known_ms = -1
        events = late = 0
        taken, impression = rows.rows, kinds.Impression
        place, count = self._place, len(taken)
        while place < count:
            event, person, _, key, clock_ms, seq = taken[place]
            if clock_ms != known_ms:
                known_ms = clock_ms
                if clock_ms // 1000 != second:
                    second = clock_ms // 1000
            if second > certain_s or shard.catalogue.seq < seq:
                if not self._context.scenes.is_ready(second, seq):
                    break
                certain_s = second
            place += 1
            if clock_ms > shard.clock_ms:
                self._advance(clock_ms, seq)
            # `Dedupe.is_new`, without a call a row.
            seen_s = seen.get(key)
            if seen_s is None:
                seen_s = older.get(key)
            if seen_s is not None:
                if second - seen_s <= horizon_s:
                    shard.counts["duplicates"] += 1
                    continue
                dedupe.came_again(key)
            seen[key] = second
            events += 1
            time_ms = event.event_time_ms
            if time_ms < clock_ms - lateness_ms:
                late += 1
            user = known(person, time_ms, clock_ms)
            kind = type(event)
            if isinstance(event, impression) and user.profiling:
                # The rest of a list most often follows at once: take it together.
                shown = [event]
                while place < count:
                    other, whose, _, key, clock, at = taken[place]
                    if (
                        clock != clock_ms
                        or not isinstance(other, impression)
                        or whose != person
                        or at != seq
                        or other.request_id != event.request_id
                        or key in seen
                        or key in older
                    ):
                        break
                    seen[key] = second
                    events += 1
                    if other.event_time_ms < clock_ms - lateness_ms:
                        late += 1
                    shown.append(other)
                    place += 1
                self._lists.show(shown, person, user, clock_ms, seq)
                continue
            handler, is_fact = handlers.get(kind, _UNHANDLED)
            if not user.profiling and kind is not kinds.User and kind is not kinds.Erase:
                # Nothing is learnt of them; but pushes obey their opt-outs and reservations.
                shard.counts["no_consent"] += 1
            elif handler is not None:
                handler(event, person, user, clock_ms, seq)
            if is_fact:
                shard.out.steps.append(Step(clock_ms, seq, person, None, event))  # type: ignore[arg-type]
        self._place = place
        shard.counts["events"] += events
        shard.counts["late"] += late
        if place < count:
            return False
        # The catalogue must have come as far as the round has, for what the round's end fires.
        return shard.catalogue.seq >= rows.seq

    def _finish(self, rows: Rows) -> None:
        """The round is through: fire what is due by its end, and say how far the shard is."""
        if rows.clock_ms > self._shard.clock_ms:
            self._advance(rows.clock_ms, rows.seq)
        self._dedupe.sweep(rows.clock_ms // 1000)
        if rows.done:
            self._fire_timers(1 << 62, rows.seq)
        self._shard.out.ends.append((rows.clock_ms, rows.seq, rows.done))

    def _advance(self, clock_ms: int, seq: int) -> None:
        """Move the clock; what is due by then fires first, each at its own time."""
        shard = self._shard
        before_ms, shard.clock_ms = shard.clock_ms, clock_ms
        watermark_ms = clock_ms - self._context.lateness_ms
        if shard.timers.is_due(watermark_ms):
            self._fire_timers(watermark_ms, seq)
        if clock_ms // DAY_MS > before_ms // DAY_MS:
            # Who has been silent for long may be forgotten before the rows at hand end.
            self._tell_tags()

    def _fire_timers(self, watermark_ms: int, seq: int) -> None:
        """Fire what is due by the watermark, each as of the clock at which it came due."""
        shard, lateness_ms = self._shard, self._context.lateness_ms
        last_ms = shard.clock_ms + self._context.join.label_horizon_s * 1000
        for due_ms, what, user_id, subject in shard.timers.due(watermark_ms):
            if what == AWAIT and due_ms > last_ms:
                # The log has ended before.
                continue
            fired_ms = due_ms + lateness_ms
            user = self.people.get(user_id, fired_ms)
            if what == UNKNOWN:
                self._signals.look_again(subject, user_id, user, fired_ms, seq)
            elif user is None:
                continue
            elif what == SLATE:
                if user.slate_due:
                    seq_then = shard.catalogue.seq_at(fired_ms, seq)
                    shard.wish(user_id, user, fired_ms, seq_then)
            elif what == AWAIT:
                self._lists.expire(user_id, user, due_ms)
            else:
                self._lists.time_is_over(user_id, user, subject, due_ms, fired_ms, seq)

    # What is seen from outside.

    def make_up(self, person: str) -> None:
        """Ask for a slate that was put off, unless one has been asked for since."""
        shard = self._shard
        user = self.people.get(person, shard.clock_ms)
        if user is not None and user.slate_due:
            shard.wish(person, user, shard.clock_ms, shard.catalogue.seq)

    def take_put_off(self) -> list[str]:
        """Whose slates were put off since last time, where a wall clock is to make them."""
        shard = self._shard
        put_off, shard.put_off = shard.put_off, []
        return put_off

    @property
    def clock_ms(self) -> int:
        """How far the shard is, in event time."""
        return self._shard.clock_ms

    @property
    def is_waiting(self) -> bool:
        """Whether rows wait for a table, the catalogue, or IDENTITY."""
        return bool(self._rounds)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        shard, join = self._shard, self._shard.join
        lists = {"lists_crowded_out": join.crowded_out, "list_items_cut": join.cut}
        return {**shard.counts, **lists, "users": len(self.people)}

    # State at rest.

    def write(self) -> None:
        """Put on the shelf what was touched; a snapshot does it too, but has more to do then."""
        self.people.write()
        self._dedupe.write()
        self._shard.timers.write()

    def snapshot(self) -> bytes:
        """The shard's state as versioned bytes, but for what is on the shelf."""
        shard = self._shard
        return pack_state(
            ObserveState(
                counts=shard.counts,
                join=(shard.join.crowded_out, shard.join.cut),
                clock_ms=shard.clock_ms,
                people=self.people.pack(),
                seen=self._dedupe.snapshot(),
                timers=shard.timers.snapshot(),
                waiting=self._signals.waiting,
                rounds=[rows.pack() for rows in self._rounds],
                parts=[rows.pack() for _, rows in sorted(self._parts.items())],
                place=self._place,
            )
        )

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot, with the shelf as of it; StateError if it is unreadable."""
        shard = self._shard
        state = unpack_state(packed)
        shard.counts.update(state.counts)
        shard.join.crowded_out, shard.join.cut = state.join
        shard.clock_ms = state.clock_ms
        self.people.restore(state.people)
        self._dedupe.restore(state.seen)
        shard.timers.restore(state.timers)
        self._signals.waiting = state.waiting
        self._rounds = deque(map(unpack_rows, state.rounds))
        self._parts = {rows.round: rows for rows in map(unpack_rows, state.parts)}
        self._place = state.place
