"""The logging policy of the world itself: a crude recommender whose propensities are exact."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from simulator.cast import Room
from simulator.dice import Dice
from simulator.tastes import Taste

_TRIES = 2_000  # redraws of rooms already in the list, before a list stays short


class _Pool:
    """Rooms with their cumulative pulls."""

    __slots__ = ("cumulative", "rooms", "total")

    def __init__(self, rooms: list[Room]) -> None:
        self.rooms = rooms
        self.total = 0.0
        self.cumulative: list[float] = []
        for room in rooms:
            self.total += room.pull
            self.cumulative.append(self.total)


class Policy:
    """Fills a list slot by slot from one mixture: uniform, by popularity, by taste and popularity.

    With q the mixture over live rooms, a slot's propensity is q(room) / (1 − q of the rooms
    above it and of those left out): the chance that the policy puts this room into this slot,
    given the slots above. Rooms are drawn from q and redrawn while they repeat, which is the
    same. Draws cost O(log rooms), so a list is as cheap with 2,000 rooms as with 40.
    """

    def __init__(self, explore: float, popular: float, tags: int, dice: Dice) -> None:
        self._explore = explore
        self._popular = popular
        self._dice = dice
        self._tags = tags
        self._live: dict[str, Room] = {}
        self._all = _Pool([])
        self._by_tag: list[_Pool] = []
        self._stale = True

    def add(self, room: Room) -> None:
        """A room has gone live."""
        self._live[room.room_id] = room
        self._stale = True

    def remove(self, room: Room) -> None:
        """A room has ended."""
        self._live.pop(room.room_id, None)
        self._stale = True

    @property
    def live(self) -> list[Room]:
        """The live rooms, in the order in which they started."""
        self._freshen()
        return self._all.rooms

    def _freshen(self) -> None:
        if not self._stale:
            return
        self._stale = False
        by_tag: list[list[Room]] = [[] for _ in range(self._tags)]
        for room in self._live.values():
            for tag in room.tags:
                by_tag[tag].append(room)
        self._all = _Pool(list(self._live.values()))
        self._by_tag = [_Pool(rooms) for rooms in by_tag]

    def slate(
        self, taste: Taste, size: int, without: Sequence[Room] = ()
    ) -> list[tuple[Room, float]]:
        """Up to `size` different live rooms with their propensities, first slot first."""
        self._freshen()
        pool, by_tag = self._all, self._by_tag
        rooms, count = pool.rooms, len(pool.rooms)
        liked = [(tag, weight) for tag, weight in taste.items() if by_tag[tag].rooms]
        mass = sum(weight for _, weight in liked)
        uniform = self._explore
        known = uniform + self._popular if mass else 1.0

        # What one unit of a room's pull is worth: anywhere, and through each tag it carries.
        per_pull = (known - uniform) / pool.total if count else 0.0
        through = {t: (1.0 - known) * w / mass / by_tag[t].total for t, w in liked} if mass else {}
        worth = through.get

        def share(room: Room) -> float:
            pull = per_pull
            for tag in room.tags:
                pull += worth(tag, 0.0)
            return uniform / count + pull * room.pull

        left = 1.0
        taken = set()
        for room in without:
            if room.live and room.room_id not in taken:
                taken.add(room.room_id)
                left -= share(room)
        slots: list[tuple[Room, float]] = []
        random = self._dice.random
        tries = _TRIES
        while len(slots) < size and len(taken) < count and tries:
            tries -= 1
            chance = random()
            if chance < uniform:
                room = rooms[int(random() * count)]
            elif chance < known:
                room = rooms[_at(pool, random())]
            else:
                rest = random() * mass
                liking = liked[-1][0]
                for tag, weight in liked:
                    rest -= weight
                    if rest < 0.0:
                        liking = tag
                        break
                tagged = by_tag[liking]
                room = tagged.rooms[_at(tagged, random())]
            if room.room_id in taken:
                continue
            taken.add(room.room_id)
            chance = share(room)
            slots.append((room, chance / left if chance < left else 1.0))
            left -= chance
        return slots


def _at(pool: _Pool, chance: float) -> int:
    at = bisect_right(pool.cumulative, chance * pool.total)
    return at if at < len(pool.rooms) else at - 1
