"""OBSERVE: one shard's users, their windows, profiles and open lists, row by row.

A shard is a plain object: rows go in, and what DECIDE, LEARN and Redis need comes out. Each row
is taken at its own clock, what is due fires before it, and a row whose scene is not yet certain
waits with all behind it; so the cut of the log into rounds changes nothing.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from events import kinds
from events.envelope import seal, unseal
from features.dedupe import Dedupe
from features.example import Example
from features.hours import HourOf
from features.join import Join
from features.labels import labels_of
from features.looks import Looks
from features.observe_state import ObserveState
from features.observed import FACTS, ObserveContext, Observed, Signal
from features.people import People
from features.pointing import pointed_tags
from features.profile import expose, fade, note
from features.rows import Link, RowEvent, Rows, Shown, Step, Wish, merge_rows, unpack_rows
from features.scene import Scene
from features.shelf import Shelves
from features.strengths import measure
from features.tags_value import tags_value
from features.taste import add
from features.user import CLICKED, DAY_MS, OpenList, User, remember
from features.views import Views

_KIND = b"LLOB"
_VERSION = 2
_CLOSE, _AWAIT, _UNKNOWN, _SLATE = range(4)
_STATE = msgspec.msgpack.Decoder(ObserveState)


Timer = tuple[int, int, str, str]
"""When it is due by the watermark (ms), what it is for, whose, and of what."""

Handler = Callable[[Any, str, User, int, int], None]
_UNHANDLED: tuple[Handler | None, bool] = (None, False)


class ObserveShard:
    """All users of one shard. Guarantee: the state is a function of the shard's rows alone."""

    def __init__(self, context: ObserveContext, shard: int, shelves: Shelves | None = None) -> None:
        self.context = context
        self.shard = shard
        self.counts = dict.fromkeys(
            ("events", "duplicates", "late", "unknown_item", "signals", "too_old", "no_consent",
             "tags_dropped", "lists", "impressions", "product_impressions", "examples", "linked"), 0
        )  # fmt: skip
        self.settings = context.observe
        self.scenes = context.scenes
        self.catalogue = context.scenes.catalogue
        self.people = People(context.people, context.shrink, shelves)
        self.join = Join(context.join, context.width, context.seed)
        self.dedupe = Dedupe(
            context.observe.dedupe_s + context.lateness_ms // 1000,
            shelves("d") if shelves is not None else None,
        )
        self.clock_ms = 0
        self.measure: dict[type, Callable[..., int]] = measure(context.strengths)
        self._looks = Looks(context.vector)
        self._hour_of = HourOf(context.observe.timezone)
        self._views = Views(
            context.observe, context.vector, self._hour_of, 2 * context.people.hot_users_max
        )
        self._timers: list[Timer] = []
        self._void: set[Timer] = set()
        """Timers among these that no longer say anything, so that nobody is woken for them."""
        self._waiting: dict[str, RowEvent] = {}
        self._rounds: deque[Rows] = deque()
        self._parts: dict[int, Rows] = {}
        self._place = 0
        self._dirty: dict[str, None] = {}
        self._put_off: list[str] = []
        self._swept_ms = 0
        self._scene_of = (-1, -1)
        self._last_scene: Scene | None = None
        self._out = Observed(shard)
        handlers: dict[type, Handler] = {
            kinds.User: self._on_user,
            kinds.Erase: self._on_erase,
            kinds.Unfollow: self._on_unfollow,
            kinds.Mute: self._on_mute,
            kinds.Unmute: self._on_unmute,
            Link: self._on_link,
            **dict.fromkeys(self.measure, self._on_signal),
        }
        self._handlers: dict[type, tuple[Handler | None, bool]] = {
            kind: (handlers.get(kind), kind in FACTS) for kind in [*handlers, *FACTS]
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
        self.people.cool()
        if self.clock_ms - self._swept_ms > self.people.sweep_ms:
            self._swept_ms = self.clock_ms
            self.people.sweep(self.clock_ms)
        self._views.trim()
        out, self._out = self._out, Observed(self.shard)
        return out

    def _tell_tags(self) -> None:
        """Hand over the tags of everyone whose signals changed them."""
        for user_id in self._dirty:
            user = self.people.get(user_id, 0)
            if user is not None:
                self._out.tags.append((user_id, *tags_value(user)))
        self._dirty.clear()

    def _work(self, rows: Rows) -> bool:
        """Work on the rows from where we are; False when one has to wait."""
        handlers, counts = self._handlers, self.counts
        seen, older, horizon_s = self.dedupe.recent, self.dedupe.older, self.dedupe.horizon_s
        lateness_ms, known = self.context.lateness_ms, self.people.get_or_new
        second = certain_s = known_ms = -1
        events = late = 0
        place, count = self._place, len(rows.rows)
        while place < count:
            event, person, _, key, clock_ms, seq = rows.rows[place]
            if clock_ms != known_ms:
                known_ms = clock_ms
                if clock_ms // 1000 != second:
                    second = clock_ms // 1000
            if second > certain_s or self.catalogue.seq < seq:
                if not self.scenes.is_ready(second, seq):
                    break
                certain_s = second
            place += 1
            if clock_ms > self.clock_ms:
                self._advance(clock_ms, seq)
            # `Dedupe.is_new`, without a call a row.
            seen_s = seen.get(key)
            if seen_s is None:
                seen_s = older.get(key)
            if seen_s is not None:
                if second - seen_s <= horizon_s:
                    counts["duplicates"] += 1
                    continue
                self.dedupe.came_again(key)
            seen[key] = second
            events += 1
            time_ms = event.event_time_ms
            if time_ms < clock_ms - lateness_ms:
                late += 1
            user = known(person, time_ms, clock_ms)
            kind = type(event)
            if isinstance(event, kinds.Impression) and user.profiling:
                # The rest of a list most often follows at once: take it together.
                shown = [event]
                while place < count:
                    other, whose, _, key, clock, at = rows.rows[place]
                    if (
                        not isinstance(other, kinds.Impression)
                        or whose != person
                        or clock != clock_ms
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
                self._on_impressions(shown, person, user, clock_ms, seq)
                continue
            handler, is_fact = handlers.get(kind, _UNHANDLED)
            if not user.profiling and kind is not kinds.User and kind is not kinds.Erase:
                # Nothing is learnt of them; but pushes obey their opt-outs and reservations.
                counts["no_consent"] += 1
            elif handler is not None:
                handler(event, person, user, clock_ms, seq)
            if is_fact:
                self._out.steps.append(Step(clock_ms, seq, person, None, event))  # type: ignore[arg-type]
        self._place = place
        counts["events"] += events
        counts["late"] += late
        if place < count:
            return False
        # The catalogue must have come as far as the round has, for what the round's end fires.
        return self.catalogue.seq >= rows.seq

    def _finish(self, rows: Rows) -> None:
        """The round is through: fire what is due by its end, and say how far the shard is."""
        if rows.clock_ms > self.clock_ms:
            self._advance(rows.clock_ms, rows.seq)
        self.dedupe.sweep(rows.clock_ms // 1000)
        if rows.done:
            self._fire_timers(1 << 62, rows.seq)
        self._out.ends.append((rows.clock_ms, rows.seq, rows.done))

    def _advance(self, clock_ms: int, seq: int) -> None:
        """Move the clock; what is due by then fires first, each at its own time."""
        before_ms, self.clock_ms = self.clock_ms, clock_ms
        watermark_ms = clock_ms - self.context.lateness_ms
        if self._timers and self._timers[0][0] <= watermark_ms:
            self._fire_timers(watermark_ms, seq)
        if clock_ms // DAY_MS > before_ms // DAY_MS:
            # Who has been silent for long may be forgotten before the rows at hand end.
            self._tell_tags()

    # What is due.

    def _fire_timers(self, watermark_ms: int, seq: int) -> None:
        """Fire what is due by the watermark, each as of the clock at which it came due."""
        timers, void, lateness_ms = self._timers, self._void, self.context.lateness_ms
        last_ms = self.clock_ms + self.context.join.label_horizon_s * 1000
        while timers and timers[0][0] <= watermark_ms:
            timer = heapq.heappop(timers)
            if timer in void:
                void.discard(timer)
                continue
            due_ms, what, user_id, subject = timer
            if what == _AWAIT and due_ms > last_ms:
                # The log has ended before.
                continue
            fired_ms = due_ms + lateness_ms
            user = self.people.get(user_id, fired_ms)
            if what == _UNKNOWN:
                self._fire_unknown(subject, user_id, user, fired_ms, seq)
            elif user is None:
                continue
            elif what == _SLATE:
                if user.slate_due:
                    seq_then = self.catalogue.seq_at(fired_ms, seq)
                    self._wish(user_id, user, fired_ms, seq_then)
            elif what == _AWAIT:
                self._expire(user_id, user, due_ms)
            else:
                for place, shown in enumerate(user.lists):
                    if shown.request_id == subject and shown.close_ms <= due_ms:
                        del user.lists[place]
                        seq_then = self.catalogue.seq_at(fired_ms, seq)
                        self._close(user_id, user, shown, due_ms, fired_ms, seq_then)
                        break

    def _fire_unknown(
        self, event_id: str, user_id: str, user: User | None, clock_ms: int, seq: int
    ) -> None:
        """A signal of an unknown item has waited out the lateness: look once more, then count."""
        event = self._waiting.pop(event_id, None)
        if event is None or user is None or not user.profiling:
            return
        seq = self.catalogue.seq_at(clock_ms, seq)
        tags = pointed_tags(self.catalogue, event, seq)
        if tags is None:
            self.counts["unknown_item"] += 1
            return
        amount = self.measure[type(event)](event)
        self._count(event, user_id, user, tags, amount, clock_ms, seq)

    def _close(
        self, user_id: str, user: User, shown: OpenList, due_ms: int, clock_ms: int, seq: int
    ) -> None:
        self._expose(user_id, user, shown, clock_ms, seq)
        examples = self.join.close(user_id, user, shown, due_ms)
        for room_id, order_id in shown.orders.items():
            waiting = self.join.ordered(user, room_id, order_id, shown.shown_ms)
            if waiting is not None:
                examples.append(
                    self.join.order_example(user_id, waiting, True, due_ms, f"order/{order_id}")
                )
        self._teach(examples)
        self._expire(user_id, user, due_ms)
        own = [waiting for waiting in user.awaiting if waiting.request_id == shown.request_id]
        for until_ms in {waiting.until_ms for waiting in own if not waiting.order_id}:
            heapq.heappush(self._timers, (until_ms, _AWAIT, user_id, ""))

    def _teach(self, examples: list[Example]) -> None:
        self.counts["examples"] += sum(example.sampled for example in examples)
        self._out.examples.extend(examples)

    def _expire(self, user_id: str, user: User, now_ms: int) -> None:
        """Rooms that were clicked and not bought from."""
        self._teach(
            [
                self.join.order_example(
                    user_id, waiting, False, now_ms, f"no order/{waiting.request_id}/{place}"
                )
                for place, waiting in enumerate(self.join.expired(user, now_ms))
            ]
        )

    # What a row does.

    def _on_impressions(
        self, run: list[kinds.Impression], person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        """Keep what was shown, as it looked: impressions of one list, at one clock."""
        rooms = [event for event in run if event.room_id is not None]
        self.counts["product_impressions"] += len(run) - len(rooms)
        if not rooms:
            return
        self.counts["impressions"] += len(rooms)
        lists, request_id = user.lists, run[0].request_id
        if lists and lists[-1].request_id == request_id:
            shown = lists[-1]
        else:
            shown = self._open_list(rooms[0], person, user, clock_ms, seq)
        rooms = self.join.fitting(shown, rooms)
        scene, view = self._scene(clock_ms // 1000, seq), self._views.at(person, user, clock_ms)
        names, vectors = self._looks(rooms, view, scene, user.lists, shown)
        if self.context.evaluates and rooms:
            wish = self._views.wish(person, user, clock_ms, beside=shown)
            self._out.steps.append(_shown(wish, shown, names, rooms, clock_ms, seq))
        self.join.show(shown, names, [event.position for event in rooms], vectors)

    def _open_list(
        self, event: kinds.Impression, person: str, user: User, clock_ms: int, seq: int
    ) -> OpenList:
        """The list of an impression that is not the newest one's."""
        if user.lists:
            # What was shown before counts by now, whether or not anything came of it.
            self._expose(person, user, user.lists[-1], clock_ms, seq)
        shown, evicted = self.join.open(user, event.request_id, event.event_time_ms)
        if evicted is not None:
            self._close(person, user, evicted, clock_ms, clock_ms, seq)
        if not shown.rooms:
            self.counts["lists"] += 1
            self._close_later(shown, person, clock_ms)
        return shown

    def _scene(self, second: int, seq: int) -> Scene:
        """The scene of a row, looked up again only when the second or the catalogue has moved."""
        if self._scene_of != (second, seq) or self._last_scene is None:
            self._scene_of = (second, seq)
            self._last_scene = self.scenes.at(second, seq)
        return self._last_scene

    def _on_signal(self, event: Signal, person: str, user: User, clock_ms: int, seq: int) -> None:
        amount = self.measure[type(event)](event)
        self._profile(event, person, user, clock_ms, seq)
        room_id = getattr(event, "room_id", None)
        if room_id is not None:
            self._label(event, room_id, person, user, clock_ms, seq)
        if amount:
            tags = pointed_tags(self.catalogue, event, seq)
            if tags is None:
                self._waiting[event.event_id] = event
                heapq.heappush(self._timers, (clock_ms, _UNKNOWN, person, event.event_id))
            else:
                self._count(event, person, user, tags, amount, clock_ms, seq)

    def _count(
        self, event: Any, person: str, user: User, tags: list[str], amount: int,
        clock_ms: int, seq: int,
    ) -> None:  # fmt: skip
        """Add a signal to the windows, and ask for a slate."""
        if not user.ladder.add(event.event_time_ms, tags, amount):
            self.counts["too_old"] += 1
            return
        if len(user.ladder.tags) > self.settings.tags_max:
            self.counts["tags_dropped"] += user.ladder.drop_weakest(self.settings.tags_max)
        user.signals += 1
        if amount > 0:
            user.strength += amount / 1000.0
            self._choose(event, user, amount / 1000.0, seq)
        user.bump_hour(self._hour_of(event.event_time_ms, user.timezone))
        self.counts["signals"] += 1
        self._dirty[person] = None
        self._views.changed(person)
        second = clock_ms // 1000
        if user.slate_s < second:
            self._wish(person, user, clock_ms, seq)
        elif not user.slate_due:
            user.slate_due = True
            grace_ms = self.context.slate_grace_ms
            due_ms = (second + 1) * 1000 - self.context.lateness_ms + grace_ms
            heapq.heappush(self._timers, (due_ms, _SLATE, person, ""))
            if grace_ms:
                self._put_off.append(person)

    def _choose(self, event: Any, user: User, units: float, seq: int) -> None:
        """Count a signal for a room towards the user's taste in its attributes."""
        room_id = getattr(event, "room_id", None)
        if room_id is None:
            return
        content = self.scenes.content(seq)
        number = content.number.get(room_id)
        if number is not None and content.attribute_names:
            row = content.attribute_rows[number]
            user.attributes_chosen = add(user.attributes_chosen, row, units)

    def _profile(self, event: Signal, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Hosts, follows, price band, rooms just left, and an order taken back."""
        self._views.changed(person)
        room_id: str | None = getattr(event, "room_id", None)
        host_id: str | None = getattr(event, "host_id", None)
        if host_id is None and room_id is not None:
            room = self.catalogue.room(room_id, event.event_time_ms, seq)
            host_id = room.host_id if room is not None else None
        note(user, event, host_id, self.measure[type(event)](event), clock_ms, self.settings)
        if isinstance(event, kinds.Refund):
            taken_back = self.join.refunded(user, event.order_id)
            if taken_back is not None:
                subject = f"refund/{event.order_id}"
                self._teach([self.join.order_example(person, taken_back, False, clock_ms, subject)])

    def _label(
        self, event: Signal, room_id: str, person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        """What the signal says of an impression that is still open, or of an order awaited."""
        if isinstance(event, kinds.Order):
            waiting = self.join.ordered(user, room_id, event.order_id, event.event_time_ms)
            if waiting is not None:
                subject = f"order/{event.order_id}"
                self._teach([self.join.order_example(person, waiting, True, clock_ms, subject)])
                return
            over = self.join.about_to_await(user, room_id, event.event_time_ms)
            if over is not None:
                over.orders[room_id] = event.order_id
                return
        request_id, time_ms = getattr(event, "request_id", None), event.event_time_ms
        found = self.join.find(user, room_id, request_id, time_ms)
        if found is None:
            return
        shown, place = found
        flags = labels_of(event, self.context.join)
        if flags & CLICKED:
            self._expose(person, user, shown, clock_ms, seq)
        if isinstance(event, kinds.Order):
            shown.orders[room_id] = event.order_id
        before_ms = shown.close_ms
        self.join.label(shown, place, flags, event.event_time_ms)
        if shown.close_ms != before_ms:
            if before_ms > clock_ms - self.context.lateness_ms:
                self._void.add((before_ms, _CLOSE, person, shown.request_id))
            self._close_later(shown, person, clock_ms)

    def _close_later(self, shown: OpenList, person: str, clock_ms: int) -> None:
        # A late row may close its list in the past; examples are never due before the watermark.
        due_ms = max(shown.close_ms, clock_ms - self.context.lateness_ms)
        timer = (due_ms, _CLOSE, person, shown.request_id)
        if timer in self._void:
            self._void.discard(timer)
        else:
            heapq.heappush(self._timers, timer)

    def _expose(self, person: str, user: User, shown: OpenList, clock_ms: int, seq: int) -> None:
        """Count what a list showed against the tags of its rooms, once a list."""
        if shown.exposed:
            return
        shown.exposed = True
        fade(user, clock_ms, self.settings.fade_half_life_days)
        rates, content = self.join.rates(shown), self.scenes.content(seq)
        expose(user, shown.rooms, rates, content, self.settings.exposure_tags_max)
        self._views.changed(person)

    def _on_unfollow(
        self, event: kinds.Unfollow, person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        user.follows.pop(event.host_id, None)
        self._views.changed(person)

    def _on_mute(self, event: kinds.Mute, person: str, user: User, clock_ms: int, seq: int) -> None:
        if event.host_id is not None:
            remember(user.muted_hosts, event.host_id, event.event_time_ms, self.settings.mutes_max)
        if event.tag is not None:
            remember(user.muted_tags, event.tag, event.event_time_ms, self.settings.mutes_max)
        self._ask(person, user, clock_ms, seq)

    def _on_unmute(
        self, event: kinds.Unmute, person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        if event.host_id is not None:
            user.muted_hosts.pop(event.host_id, None)
        if event.tag is not None:
            user.muted_tags.pop(event.tag, None)
        self._ask(person, user, clock_ms, seq)

    def _on_user(self, event: kinds.User, person: str, user: User, clock_ms: int, seq: int) -> None:
        if event.timezone is not None:
            user.timezone = event.timezone
            self._views.changed(person)
        if event.consent is not None and event.consent.profiling is not None:
            user.profiling = event.consent.profiling
            if not user.profiling:
                self._withdraw(person, user)

    def _withdraw(self, person: str, user: User) -> None:
        """Without consent nothing that was learnt of the user is kept or shown."""
        blank = User(base=user.base, seen_ms=user.seen_ms, ladder=type(user.ladder)())
        blank.signals, blank.profiling, blank.timezone = user.signals + 1, False, user.timezone
        self._drop(person)
        self.people.put(person, blank)

    def _on_erase(
        self, event: kinds.Erase, person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        self._drop(person)

    def _drop(self, person: str) -> None:
        """Forget all that is held of a person, and what of theirs still waits."""
        self.people.forget(person)
        self._views.changed(person)
        self._dirty.pop(person, None)
        self._out.erased.append(person)
        self._out.tags = [told for told in self._out.tags if told[0] != person]
        for _, what, who, event_id in self._timers if self._waiting else ():
            if what == _UNKNOWN and who == person:
                self._waiting.pop(event_id, None)

    def _on_link(self, event: Link, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Signals of an identity that turned out to be this user's count in the windows, once."""
        if event.ends:
            self._drop(person)
            gone = kinds.Erase(
                event_id=event.event_id, event_time_ms=event.event_time_ms, user_id=person
            )
            self._out.steps.append(Step(clock_ms, seq, person, None, gone))
            return
        for signal in event.signals:
            self.counts["linked"] += 1
            measured = self.measure.get(type(signal))
            amount = measured(signal) if measured is not None else 0
            tags = pointed_tags(self.catalogue, signal, seq) if amount else None
            if tags is not None:
                self._count(signal, person, user, tags, amount, clock_ms, seq)

    # What DECIDE is asked.

    def take_put_off(self) -> list[str]:
        """Whose slates were put off since last time, where a wall clock is to make them."""
        put_off, self._put_off = self._put_off, []
        return put_off

    def make_up(self, person: str) -> None:
        """Ask for a slate that was put off, unless one has been asked for since."""
        user = self.people.get(person, self.clock_ms)
        if user is not None and user.slate_due:
            self._wish(person, user, self.clock_ms, self.catalogue.seq)

    def _ask(self, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Ask for a slate at once, whatever was asked within this second."""
        self._views.changed(person)
        self._wish(person, user, clock_ms, seq)

    def _wish(self, person: str, user: User, clock_ms: int, seq: int) -> None:
        wish = self._views.wish(person, user, clock_ms)
        user.slate_s, user.slate_due = clock_ms // 1000, False
        self._out.steps.append(Step(clock_ms, seq, person, wish))

    @property
    def is_waiting(self) -> bool:
        """Whether rows wait for a table, the catalogue, or IDENTITY."""
        return bool(self._rounds)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        lists = {"lists_crowded_out": self.join.crowded_out, "list_items_cut": self.join.cut}
        return {**self.counts, **lists, "users": len(self.people)}

    # State at rest.

    def write(self) -> None:
        """Put on the shelf what was touched; a snapshot does it too, but has more to do then."""
        self.people.write()
        self.dedupe.write()

    def snapshot(self) -> bytes:
        """The shard's state as versioned bytes, but for what is on the shelf."""
        state = msgspec.msgpack.encode(
            ObserveState(
                counts=self.counts,
                join=(self.join.crowded_out, self.join.cut),
                clock_ms=self.clock_ms,
                people=self.people.pack(),
                seen=self.dedupe.snapshot(),
                timers=sorted(timer for timer in self._timers if timer not in self._void),
                waiting=self._waiting,
                rounds=[rows.pack() for rows in self._rounds],
                parts=[rows.pack() for _, rows in sorted(self._parts.items())],
                place=self._place,
            )
        )
        return seal(_KIND, _VERSION, state)

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot, with the shelf as of it; StateError if it is unreadable."""
        state = _STATE.decode(unseal(_KIND, _VERSION, packed, "a shard of OBSERVE"))
        self.counts = state.counts
        self.join.crowded_out, self.join.cut = state.join
        self.clock_ms = state.clock_ms
        self.people.restore(state.people)
        self.dedupe.restore(state.seen)
        self._timers, self._void = state.timers, set()
        self._waiting = state.waiting
        self._rounds = deque(map(unpack_rows, state.rounds))
        self._parts = {rows.round: rows for rows in map(unpack_rows, state.parts)}
        self._place = state.place


def _shown(
    wish: Wish, shown: OpenList, names: list[str], run: list[kinds.Impression],
    clock_ms: int, seq: int,
) -> Shown:  # fmt: skip
    """Impressions of one list that come together, as DECIDE is to judge them."""
    return Shown(
        clock_ms=clock_ms,
        seq=seq,
        user_id=wish.user_id,
        wish=wish,
        request_id=shown.request_id,
        shown_ms=shown.shown_ms,
        place=len(shown.rooms),
        rooms=names,
        positions=[event.position for event in run],
        propensities=[event.propensity or 0.0 for event in run],
    )
