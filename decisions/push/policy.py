"""Decides, for the users of one shard, which pushes are sent and which are not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from decisions.push import snapshot
from decisions.push.checks import Checks
from decisions.push.decision import PushDecision, decision_of, line_of, value_of, waiting
from decisions.push.facts import Broadcast, NameBook, Names, RoomInfo
from decisions.push.ledger import Sent, enter
from decisions.push.offer import Offer, push_id
from decisions.push.people import People
from decisions.push.person import Person
from decisions.push.schedule import Schedule
from decisions.push.settings import DAY_MS, HOUR_MS, PushSettings
from decisions.push.triggers.base import Candidate, Scene
from decisions.push.triggers.registry import TRIGGERS
from events import kinds
from events.errors import StateError
from features.shelf import Shelves
from features.shrink import Shrink

SWEEP_MS = HOUR_MS


class PushPolicy:
    """The push policy of one shard.

    Time is event time and comes with each call: the log's running maximum at that row. It
    never runs backwards here. Every call first fires what fell due since the last one,
    each at its own instant, and returns those decisions with its own; so the decisions
    about a user do not depend on how calls are cut into chunks, on calls of `advance` in
    between, or on who else is in the shard.

    Candidates of one instant are weighed in the order (user, trigger's rank, subject).
    """

    def __init__(
        self,
        settings: PushSettings,
        shard: int,
        names: Names | None = None,
        shrink: Shrink | None = None,
        shelves: Shelves | None = None,
    ) -> None:
        """`names` answers what hosts and products are called; own ones unless given.

        `shrink` is for resting users; the policies of one thread may share it. With `shelves`
        they rest there instead.
        """
        self._settings = settings
        self._shard = shard
        self._own_names = NameBook(settings.names_max) if names is None else None
        self._checks = Checks(settings)
        self._people = People(settings, shrink, shelves)
        self._rooms: dict[str, RoomInfo] = {}
        self._live: dict[str, Broadcast] = {}
        self._schedule = Schedule()
        self._clock_ms = 0
        self._sweep_ms = 0
        self._due_ms = 0
        self._considered = 0
        self._sent = 0
        self._refused_by: Counter[str] = Counter()
        book = names if names is not None else self._own_names
        assert book is not None
        self._scene = Scene(settings, self._people, book, self._live)

    # --- time -----------------------------------------------------------------------------

    @property
    def clock_ms(self) -> int:
        """The latest time that this shard has been told."""
        return self._clock_ms

    @property
    def due_ms(self) -> int:
        """The next instant at which a push falls due by time alone."""
        return self._schedule.next_ms

    @property
    def quiet_until_ms(self) -> int:
        """Before then `advance` does nothing but set the clock."""
        return self._due_ms

    def advance(self, clock_ms: int) -> Sequence[PushDecision]:
        """Fire all that is due up to and at an instant, in order, each at its own time."""
        if clock_ms < self._due_ms:
            if clock_ms > self._clock_ms:
                self._clock_ms = clock_ms
            return ()
        decisions: list[PushDecision] = []
        while (at_ms := self._schedule.next_ms) <= clock_ms:
            self._clock_ms = at_ms
            candidates: list[Candidate] = []
            for room_id in self._schedule.pop(at_ms):
                room = self._rooms[room_id]
                for trigger in TRIGGERS:
                    candidates.extend(trigger.due(self._scene, room, at_ms))
                self._arm(room)
            decisions.extend(self._weigh(candidates, at_ms))
        self._clock_ms = max(self._clock_ms, clock_ms)
        if self._clock_ms >= self._sweep_ms:
            self._people.sweep(self._clock_ms)
            self._sweep_ms = self._clock_ms - self._clock_ms % SWEEP_MS + SWEEP_MS
        self._look_ahead()
        return decisions

    # --- users ----------------------------------------------------------------------------

    def apply(self, event: kinds.Event, clock_ms: int, person: str) -> Sequence[PushDecision]:
        """Take up a fact about a user of this shard; other kinds of events change nothing."""
        decisions = self.advance(clock_ms)
        self._people.apply(event, self._clock_ms, person)
        return decisions

    # --- the catalogue --------------------------------------------------------------------

    def host(self, host_id: str, name: str) -> None:
        """A host is called so (without effect where names were given from outside)."""
        if self._own_names is not None:
            self._own_names.tell_host(host_id, name)

    def product(self, product_id: str, title: str) -> None:
        """A product is called so (without effect where names were given from outside)."""
        if self._own_names is not None:
            self._own_names.tell_product(product_id, title)

    def recall(self, room: RoomInfo) -> None:
        """Take note of a room without any consequence.

        Snapshots leave the catalogue out: after `restore`, each known room is told again
        this way (names by `host` and `product`), before anything else.
        """
        if room.status != "ended":
            self._keep(room)
            self._arm(room)
            self._look_ahead()

    def room_changed(
        self, old: RoomInfo | None, new: RoomInfo, at_ms: int
    ) -> Sequence[PushDecision]:
        """A room is now so; `old` is how it was, None where that is not known."""
        decisions = list(self.advance(at_ms))
        at_ms = self._clock_ms
        was, was_live = self._rooms.get(new.room_id), new.room_id in self._live
        if new.status != "live":
            self._live.pop(new.room_id, None)
        if new.status == "ended":
            self._rooms.pop(new.room_id, None)
        else:
            self._keep(new)
        candidates: list[Candidate] = []
        # A log begins with its catalogue: there is nobody yet to whom rooms could matter.
        triggers = TRIGGERS if len(self._people.persons) else ()
        if new.status == "live" and not was_live:
            self._begin(old, new, at_ms)
            for trigger in triggers:
                candidates.extend(trigger.went_live(self._scene, new, at_ms))
        elif new.status == "ended":
            if was is not None and not was_live:
                for trigger in triggers:
                    candidates.extend(trigger.called_off(self._scene, was, at_ms))
        elif was is not None:
            added = tuple(product for product in new.products if product not in was.products)
            for trigger in triggers if added else ():
                candidates.extend(trigger.line_up_grew(self._scene, new, added, at_ms))
        if candidates:
            decisions.extend(self._weigh(candidates, at_ms))
        if new.status == "ended":
            self._people.end_reservations(new.room_id)
        if self._arm(new):
            self._look_ahead()
        return decisions

    def on_air(self, room_id: str, product_id: str | None, at_ms: int) -> Sequence[PushDecision]:
        """A room begins to show a product (None: none); of no effect unless the room is live.

        To be called when that changes, not when the same product is told again: each call
        weighs the holders anew. Where nobody `has_in_cart` the product it may be left out.
        """
        decisions = self.advance(at_ms)
        room = self._rooms.get(room_id)
        if room is None or room_id not in self._live:
            self._people.dropped["on_air_not_live"] += 1
            return decisions
        if product_id is None:
            return decisions
        candidates: list[Candidate] = []
        for trigger in TRIGGERS:
            candidates.extend(trigger.on_air(self._scene, room, product_id, self._clock_ms))
        return [*decisions, *self._weigh(candidates, self._clock_ms)]

    def has_in_cart(self, product_id: str) -> bool:
        """Whether any user of the shard has the product in the cart."""
        return self._people.carts.has(product_id)

    # --- what it tells --------------------------------------------------------------------

    def value(self, user: str) -> tuple[int, bytes] | None:
        """Version and JSON of the user's last decisions; None for one who has none."""
        person = self._people.awake(user, self._clock_ms)
        if person is None or not person.last:
            return None
        version = person.base_ms + person.changes
        return version, value_of(version, person.last_ms, person.last)

    def has_waiting(self, user: str, muted: kinds.Mute) -> bool:
        """Whether a push that may still wait is about what is muted; one of a room gone, too."""
        person = self._people.awake(user, self._clock_ms)
        lines = None if person is None else person.last
        for room_id, product_id in waiting(lines or (), self._clock_ms):
            room = self._rooms.get(room_id)
            if room is None or room.host_id == muted.host_id or muted.tag in room.tags:
                return True
            if product_id is not None and muted.tag in self._scene.names.product_tags(product_id):
                return True
        return False

    def reserved(self, user: str) -> Sequence[str]:
        """The rooms that the user has a place in, the oldest reservation first."""
        person = self._people.persons.peek(user)
        return () if person is None else person.reserved or ()

    @property
    def counts(self) -> dict[str, Any]:
        """`considered`, `sent`, `refused`, and `refused_by` reason."""
        return {
            "considered": self._considered,
            "sent": self._sent,
            "refused": self._considered - self._sent,
            "refused_by": dict(sorted(self._refused_by.items())),
        }

    @property
    def dropped(self) -> dict[str, int]:
        """What limits and times-to-live let go, and what could not be used."""
        people = self._people
        return dict(people.dropped) | {
            "follows": people.followers.dropped,
            "cart_products": people.carts.dropped,
            "reservations": people.reservations.dropped,
        }

    def cool(self) -> None:
        """Let users who are not needed now rest as bytes; it changes no answer."""
        self._people.cool()

    def write(self) -> None:
        """Put on the shelf what was touched, where there is one."""
        self._people.persons.write()

    def snapshot(self) -> bytes:
        """All but the catalogue and what is on the shelf, as versioned bytes."""
        persons = self._people.persons.pack()
        return snapshot.dump(
            snapshot.State(
                self._shard,
                self._clock_ms,
                self._sweep_ms,
                self._considered,
                self._sent,
                dict(sorted(self._refused_by.items())),
                dict(sorted(self.dropped.items())),
                self._live,
                {user: msgspec.Raw(packed) for user, packed in persons.items()},
            )
        )

    def restore(self, data: bytes) -> None:
        """Go on from a snapshot; rooms told before stay known. Raises StateError."""
        state, persons = snapshot.load(data)
        if state.shard != self._shard:
            raise StateError(
                f"the stored state is that of push shard {state.shard}, not {self._shard}: "
                "the number of shards must stay as it was"
            )
        self._clock_ms, self._sweep_ms = state.clock_ms, state.sweep_ms
        self._considered, self._sent = state.considered, state.sent
        self._refused_by = Counter(state.refused_by)
        self._live.clear()
        self._live.update(state.live)
        people = self._people
        people.rebuild(persons)
        people.followers.dropped = state.dropped.pop("follows", 0)
        people.carts.dropped = state.dropped.pop("cart_products", 0)
        people.reservations.dropped = state.dropped.pop("reservations", 0)
        people.dropped = Counter(state.dropped)
        self._schedule.clear()
        for room in self._rooms.values():
            self._arm(room)
        self._look_ahead()

    # --- inside ---------------------------------------------------------------------------

    def _keep(self, room: RoomInfo) -> None:
        self._rooms.pop(room.room_id, None)
        self._rooms[room.room_id] = room
        if len(self._rooms) > self._settings.rooms_max:
            oldest = next(iter(self._rooms))
            del self._rooms[oldest]
            self._live.pop(oldest, None)
            self._schedule.set(oldest, None)
            self._people.dropped["rooms"] += 1

    def _begin(self, old: RoomInfo | None, room: RoomInfo, at_ms: int) -> None:
        planned = abs(at_ms - room.start_time_ms) <= DAY_MS
        # One first seen live has been so for as long as its plan says; else it starts now.
        first_seen = old is None or old.status == "live"
        began_ms = min(at_ms, room.start_time_ms) if first_seen and planned else at_ms
        self._live[room.room_id] = Broadcast(room.start_time_ms if planned else at_ms, began_ms)

    def _arm(self, room: RoomInfo) -> bool:
        """Leave the next instant of a scheduled room: the first after the clock; if it is new."""
        due_ms: int | None = None
        if room.status == "scheduled":
            for trigger in TRIGGERS:
                for at_ms in trigger.instants(self._settings, room):
                    if at_ms > self._clock_ms and (due_ms is None or at_ms < due_ms):
                        due_ms = at_ms
        return self._schedule.set(room.room_id, due_ms)

    def _look_ahead(self) -> None:
        self._due_ms = min(self._schedule.next_ms, self._sweep_ms)

    def _weigh(self, candidates: list[Candidate], at_ms: int) -> list[PushDecision]:
        candidates.sort(key=_in_order)
        decisions: list[PushDecision] = []
        for user, offer in candidates:
            person = self._people.awake(user, at_ms)
            if person is not None:
                decisions.append(self._decide(user, person, offer, at_ms))
        return decisions

    def _decide(self, user: str, person: Person, offer: Offer, at_ms: int) -> PushDecision:
        settings = self._settings
        reason, delivery_ms = self._checks.judge(person, offer, at_ms)
        self._considered += 1
        if reason is None:
            self._sent += 1
            if person.ledger is None:
                person.ledger = []
            enter(person.ledger, Sent(delivery_ms, offer.trigger, offer.subject, offer.occasion_ms))
        else:
            self._refused_by[reason] += 1
        here = at_ms - person.seen_ms <= settings.in_app_ms and delivery_ms == at_ms
        decision = decision_of(
            offer,
            *(user, at_ms, reason, push_id(user, offer)),
            channel="in_app" if here else "push",
            not_before=delivery_ms,
        )
        if person.last is None:
            person.last = []
        person.last.append(line_of(decision))
        del person.last[: -settings.last_max]
        person.last_ms = at_ms
        person.changes += 1
        return decision


def _in_order(candidate: Candidate) -> tuple[str, int, str]:
    user, offer = candidate
    return (user, offer.rank, offer.key)
