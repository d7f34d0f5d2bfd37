"""Impressions and feedback of a shard's users: lists are opened, labelled, closed, and teach."""

from __future__ import annotations

from functools import partial

from events import kinds
from features.example import Example
from features.labels import labels_of
from features.looks import Looks
from features.observed import Signal
from features.profile import expose, fade
from features.rows import Shown, Wish
from features.shard import Shard
from features.sides import room_side_of, user_side
from features.timers import AWAIT, CLOSE
from features.user import CLICKED, Awaiting, OpenList, User


class Lists:
    """The lists that users were shown, from their first impression to their examples."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._join = shard.join
        self._settings = shard.context.observe
        self._looks = Looks(shard.context.vector)

    def show(
        self, run: list[kinds.Impression], person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        """Keep what was shown, as it looked: impressions of one list, at one clock."""
        shard = self._shard
        rooms = [event for event in run if event.room_id is not None]
        shard.counts["product_impressions"] += len(run) - len(rooms)
        if not rooms:
            return
        shard.counts["impressions"] += len(rooms)
        lists, request_id = user.lists, run[0].request_id
        if lists and lists[-1].request_id == request_id:
            shown = lists[-1]
        else:
            shown = self._open_list(rooms[0], person, user, clock_ms, seq)
        rooms = self._join.fitting(shown, rooms)
        scene = shard.scene(clock_ms // 1000, seq)
        view = shard.views.at(person, user, clock_ms)
        names, vectors = self._looks(rooms, person, view, scene, user.lists, shown)
        if shard.context.evaluates and rooms:
            wish = shard.views.wish(person, user, clock_ms, beside=shown)
            shard.out.steps.append(_shown(wish, shown, names, rooms, clock_ms, seq))
        self._join.show(shown, names, [event.position for event in rooms], vectors)
        sides = shard.context.sides
        if sides is not None and names:
            shown.sides.append((len(names), user_side(view, sides, shard.context.vector)))

    def _open_list(
        self, event: kinds.Impression, person: str, user: User, clock_ms: int, seq: int
    ) -> OpenList:
        """The list of an impression that is not the newest one's."""
        if user.lists:
            # What was shown before counts by now, whether or not anything came of it.
            self._expose(person, user, user.lists[-1], clock_ms, seq)
        shown, evicted = self._join.open(user, event.request_id, event.event_time_ms)
        if evicted is not None:
            self._close(person, user, evicted, clock_ms, clock_ms, seq)
        if not shown.rooms:
            self._shard.counts["lists"] += 1
            self._close_later(shown, person, clock_ms)
        return shown

    def label(
        self, event: Signal, room_id: str, person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        """What the signal says of an impression that is still open, or of an order awaited."""
        if isinstance(event, kinds.Order):
            waiting = self._join.ordered(user, room_id, event.order_id, event.event_time_ms)
            if waiting is not None:
                self._teach_order(person, waiting, True, clock_ms, f"order/{event.order_id}")
                return
            over = self._join.about_to_await(user, room_id, event.event_time_ms)
            if over is not None:
                over.orders[room_id] = event.order_id
                return
        request_id, time_ms = getattr(event, "request_id", None), event.event_time_ms
        found = self._join.find(user, room_id, request_id, time_ms)
        if found is None:
            return
        shown, place = found
        flags = labels_of(event, self._shard.context.join)
        if flags & CLICKED:
            self._expose(person, user, shown, clock_ms, seq)
        if isinstance(event, kinds.Order):
            shown.orders[room_id] = event.order_id
        before_ms = shown.close_ms
        self._join.label(shown, place, flags, event.event_time_ms)
        if shown.close_ms != before_ms:
            if before_ms > clock_ms - self._shard.context.lateness_ms:
                self._shard.timers.call_off((before_ms, CLOSE, person, shown.request_id))
            self._close_later(shown, person, clock_ms)

    def _close_later(self, shown: OpenList, person: str, clock_ms: int) -> None:
        # A late row may close its list in the past; examples are never due before the watermark.
        due_ms = max(shown.close_ms, clock_ms - self._shard.context.lateness_ms)
        self._shard.timers.set((due_ms, CLOSE, person, shown.request_id))

    def _expose(self, person: str, user: User, shown: OpenList, clock_ms: int, seq: int) -> None:
        """Count what a list showed against the tags of its rooms, once a list."""
        if shown.exposed:
            return
        shown.exposed = True
        fade(user, clock_ms, self._settings.fade_half_life_days)
        rates, content = self._join.rates(shown), self._shard.context.scenes.content(seq)
        expose(user, shown.rooms, rates, content, self._settings.exposure_tags_max)
        self._shard.views.changed(person)

    def time_is_over(
        self, user_id: str, user: User, request_id: str, due_ms: int, clock_ms: int, seq: int
    ) -> None:
        """Close a list, unless a click has moved its close since."""
        for place, shown in enumerate(user.lists):
            if shown.request_id == request_id and shown.close_ms <= due_ms:
                del user.lists[place]
                seq_then = self._shard.catalogue.seq_at(clock_ms, seq)
                self._close(user_id, user, shown, due_ms, clock_ms, seq_then)
                break

    def _close(
        self, user_id: str, user: User, shown: OpenList, due_ms: int, clock_ms: int, seq: int
    ) -> None:
        self._expose(user_id, user, shown, clock_ms, seq)
        room_side = None
        if self._shard.context.sides is not None:
            content = self._shard.context.scenes.content(seq)
            room_side = partial(room_side_of, content, settings=self._shard.context.sides)
        self._teach(self._join.close(user_id, user, shown, due_ms, room_side))
        for room_id, order_id in shown.orders.items():
            waiting = self._join.ordered(user, room_id, order_id, shown.shown_ms)
            if waiting is not None:
                self._teach_order(user_id, waiting, True, due_ms, f"order/{order_id}")
        self.expire(user_id, user, due_ms)
        own = [waiting for waiting in user.awaiting if waiting.request_id == shown.request_id]
        for until_ms in {waiting.until_ms for waiting in own if not waiting.order_id}:
            self._shard.timers.set((until_ms, AWAIT, user_id, ""))

    def expire(self, user_id: str, user: User, now_ms: int) -> None:
        """Rooms that were clicked and not bought from."""
        for place, waiting in enumerate(self._join.expired(user, now_ms)):
            subject = f"no order/{waiting.request_id}/{place}"
            self._teach_order(user_id, waiting, False, now_ms, subject)

    def refunded(self, user_id: str, user: User, order_id: str, clock_ms: int) -> None:
        """An order is taken back."""
        taken_back = self._join.refunded(user, order_id)
        if taken_back is not None:
            self._teach_order(user_id, taken_back, False, clock_ms, f"refund/{order_id}")

    def _teach_order(
        self, user_id: str, waiting: Awaiting, ordered: bool, due_ms: int, event_id: str
    ) -> None:
        self._teach([self._join.order_example(user_id, waiting, ordered, due_ms, event_id)])

    def _teach(self, examples: list[Example]) -> None:
        self._shard.counts["examples"] += sum(example.sampled for example in examples)
        self._shard.out.examples.extend(examples)


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
