"""The users of one shard: what they told us, what they hold, and when they are forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import nsmallest
from typing import Any

from decisions.push.ledger import prune
from decisions.push.person import Person
from decisions.push.quiet import known_zone, parse_clock
from decisions.push.relation import Relation
from decisions.push.settings import DAY_MS, PushSettings
from events import kinds
from features.shelf import Shelves
from features.shelved import Limits, kept
from features.shrink import Shrink

DISMISSALS_MAX = 16
_PAGE = 512
"""Of a shelf so many are looked at in each sweep."""


class People:
    """Users with their follows, carts and reservations, and the way back from each of these.

    Order: facts in row order. Time: a dictionary look-up or two a fact. Space: bounded by
    the settings' limits; what a limit drops is counted in `dropped`.
    """

    def __init__(
        self,
        settings: PushSettings,
        shrink: Shrink | None = None,
        shelves: Shelves | None = None,
    ) -> None:
        self._settings = settings
        self.persons = kept(
            Person,
            lambda person: person.due_ms(settings),
            Limits(settings.hot_users_max, settings.shelved_hot_users_max, _PAGE),
            shrink or Shrink(),
            shelves("p") if shelves is not None else None,
        )
        self.followers = Relation(settings.follows_max)
        self.carts = Relation(settings.carts_max)
        self.reservations = Relation(settings.reservations_max)
        self.dropped: Counter[str] = Counter()
        self._now_ms = 0
        self._names: dict[str, str] = {}
        self._handlers: dict[type, Callable[[Any, str], None]] = {
            kinds.Follow: self._follow,
            kinds.Unfollow: self._unfollow,
            kinds.Mute: self._mute,
            kinds.Unmute: self._unmute,
            kinds.CartAdd: self._cart_add,
            kinds.CartRemove: self._cart_remove,
            kinds.Order: self._cart_remove,
            kinds.Reserve: self._reserve,
            kinds.ReserveCancel: self._reserve_cancel,
            kinds.Enter: self._in_room,
            kinds.Attend: self._in_room,
            kinds.Dwell: self._dwell,
            kinds.User: self._record,
            kinds.PushDisable: self._disable,
            kinds.PushOpen: self._open,
            kinds.PushDismiss: self._dismiss,
            **dict.fromkeys((kinds.Erase, kinds.IdentityLink), self._erase),
        }

    def apply(self, event: kinds.Event, clock_ms: int, user: str) -> None:
        """Take up a fact about a user; kinds that pushes do not depend on change nothing."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            self._now_ms = clock_ms
            handler(event, user)

    def awake(self, user: str, at_ms: int) -> Person | None:
        """The user, unless unknown or idle for too long."""
        person = self.persons.get(user)
        if person is None or person.dormant:
            return None
        if at_ms - person.seen_ms > self._settings.idle_ttl_ms:
            self._lay_down(user, person, at_ms)
            return None
        return person

    def sweep(self, at_ms: int) -> None:
        """Let go of what idle users no longer need; who is looked at sooner goes sooner."""
        idle_ms = self._settings.idle_ttl_ms
        idle = [u for u, p in self.persons.objects.items() if at_ms - p.seen_ms > idle_ms]
        for user in idle + self.persons.due(at_ms):
            held = self.persons.peek(user)
            # One that was just taken up, or touched since, may not be due after all.
            if held is not None and held.due_ms(self._settings) < at_ms:
                person = self.persons.get(user)
                assert person is not None
                self._lay_down(user, person, at_ms)

    def cool(self) -> None:
        """Let the users beyond the limits rest as bytes; it changes no answer."""
        self.persons.cool()

    def rebuild(self, persons: dict[str, bytes]) -> None:
        """Take up stored users, with those on the shelf; raises msgspec's errors."""
        self.persons.restore(persons)
        self._names = {}
        for relation in (self.followers, self.carts, self.reservations):
            relation.empty()
        for user in self.persons:
            person = self.persons.peek(user)
            if person is not None and (person.follows or person.cart or person.reserved):
                name = self._name(user)
                self.followers.take_up(name, person.follows)
                self.carts.take_up(name, person.cart)
                self.reservations.take_up(name, person.reserved)

    def end_reservations(self, room_id: str) -> None:
        """Nobody has a place in the room any more."""
        for user in self.reservations.holders(room_id):
            person = self.persons.get(user)
            if person is not None:
                person.reserved = self.reservations.remove(user, person.reserved, room_id)

    # --- who is there ---------------------------------------------------------------------

    def _known(self, user: str) -> Person:
        """The user, made if new; the idle wake up with their wishes only."""
        person = self.persons.get(user)
        if person is not None and self._now_ms - person.seen_ms > self._settings.idle_ttl_ms:
            self._lay_down(user, person, self._now_ms)
            person = self.persons.get(user)
        if person is None:
            if len(self.persons) >= self._settings.users_max:
                self._make_room()
            now_ms = self._now_ms
            person = Person(now_ms - now_ms % DAY_MS, now_ms)
            self.persons.put(user, person)
        return person

    def _acting(self, user: str) -> Person:
        person = self._known(user)
        person.seen_ms = self._now_ms
        person.dormant = False
        return person

    def _lay_down(self, user: str, person: Person, at_ms: int) -> None:
        gone = at_ms - person.seen_ms > self._settings.consent_ttl_ms
        if person.ledger is not None:
            # What was sent lately outlives the rest, or one who returns would be over the caps.
            prune(person.ledger, at_ms - self._settings.ledger_ms)
            person.ledger = person.ledger or None
        if person.ledger is None and (gone or not person.has_wishes()):
            self._forget(user)
            self.dropped["idle"] += 1
            return
        if person.dormant:
            return
        self._release(user, person)
        person.dormant = True
        person.follows = person.cart = person.reserved = None
        person.last = None
        person.watching = None
        person.dismissals = 0
        self.dropped["idle"] += 1

    def _make_room(self) -> None:
        some = max(1, self._settings.users_max // 16)
        persons = ((user, self.persons.peek(user)) for user in self.persons)
        oldest = nsmallest(some, ((person.seen_ms, user) for user, person in persons if person))
        for _, user in oldest:
            self._forget(user)
        self.dropped["users"] += len(oldest)

    def _forget(self, user: str) -> None:
        person = self.persons.get(user)
        if person is not None:
            self._release(user, person)
            self.persons.drop(user)

    def _release(self, user: str, person: Person) -> None:
        self._names.pop(user, None)
        self.followers.clear(user, person.follows)
        self.carts.clear(user, person.cart)
        self.reservations.clear(user, person.reserved)

    def _name(self, user: str) -> str:
        """The one string by which all relations hold the user."""
        return self._names.setdefault(user, user)

    # --- facts ----------------------------------------------------------------------------

    def _follow(self, event: kinds.Follow, user: str) -> None:
        person = self._acting(user)
        person.follows = self.followers.add(self._name(user), person.follows, event.host_id)

    def _unfollow(self, event: kinds.Unfollow, user: str) -> None:
        person = self._acting(user)
        person.follows = self.followers.remove(user, person.follows, event.host_id)

    def _mute(self, event: kinds.Mute, user: str) -> None:
        person = self._acting(user)
        if event.host_id is not None:
            person.muted_hosts = self._with(person.muted_hosts, event.host_id)
        if event.tag is not None:
            person.muted_tags = self._with(person.muted_tags, event.tag)

    def _unmute(self, event: kinds.Unmute, user: str) -> None:
        person = self._acting(user)
        if event.host_id is not None:
            person.muted_hosts = _without(person.muted_hosts, event.host_id)
        if event.tag is not None:
            person.muted_tags = _without(person.muted_tags, event.tag)

    def _cart_add(self, event: kinds.CartAdd, user: str) -> None:
        person = self._acting(user)
        person.cart = self.carts.add(self._name(user), person.cart, event.product_id)

    def _cart_remove(self, event: kinds.CartRemove | kinds.Order, user: str) -> None:
        person = self._acting(user)
        person.cart = self.carts.remove(user, person.cart, event.product_id)

    def _reserve(self, event: kinds.Reserve, user: str) -> None:
        person = self._acting(user)
        person.reserved = self.reservations.add(self._name(user), person.reserved, event.room_id)

    def _reserve_cancel(self, event: kinds.ReserveCancel, user: str) -> None:
        person = self._acting(user)
        person.reserved = self.reservations.remove(user, person.reserved, event.room_id)

    def _in_room(self, event: kinds.Enter | kinds.Attend | kinds.Dwell, user: str) -> None:
        person = self._acting(user)
        # A row that comes after a newer one must not bring back a room that was left.
        if event.event_time_ms >= person.watching_ms:
            person.watching = event.room_id
            person.watching_ms = event.event_time_ms

    def _dwell(self, event: kinds.Dwell, user: str) -> None:
        if not event.left:
            self._in_room(event, user)
            return
        person = self._acting(user)
        elsewhere = person.watching is not None and person.watching != event.room_id
        if not elsewhere and event.event_time_ms >= person.watching_ms:
            person.watching = None
            person.watching_ms = event.event_time_ms

    def _record(self, event: kinds.User, user: str) -> None:
        # A record comes from the platform, not from the user: it is no sign of life.
        person = self._known(user)
        consent = event.consent
        if consent is not None:
            if consent.profiling is not None:
                person.profiling = consent.profiling
            if consent.push is not None:
                if consent.push and person.push is False:
                    # Only a no that became a yes takes back “switch pushes off”: a record
                    # that is merely sent again does not.
                    person.opted_out = False
                person.push = consent.push
        if event.timezone is not None:
            if known_zone(event.timezone):
                person.zone = event.timezone
            else:
                self.dropped["unknown_time_zone"] += 1
        if event.quiet_hours is not None:
            begin, end = (parse_clock(text) for text in event.quiet_hours)
            if begin is None or end is None:
                self.dropped["unreadable_quiet_hours"] += 1
            else:
                person.quiet = (begin, end)

    def _disable(self, event: kinds.PushDisable, user: str) -> None:
        self._acting(user).opted_out = True

    def _open(self, event: kinds.PushOpen, user: str) -> None:
        self._acting(user).dismissals = 0

    def _dismiss(self, event: kinds.PushDismiss, user: str) -> None:
        person = self._known(user)
        person.dismissals = min(person.dismissals + 1, DISMISSALS_MAX)

    def _erase(self, event: kinds.Erase | kinds.IdentityLink, user: str) -> None:
        self._forget(user)

    def _with(self, held: list[str] | None, key: str) -> list[str]:
        held = held or []
        if key not in held:
            held.append(key)
            if len(held) > self._settings.mutes_max:
                del held[0]
                self.dropped["mutes"] += 1
        return held


def _without(held: list[str] | None, key: str) -> list[str] | None:
    if held is not None and key in held:
        held.remove(key)
    return held or None
