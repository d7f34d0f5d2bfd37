"""Exposure by host size in an experiment, whose hosts are as large as they were when it began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from evaluation.arrays import Floats
from evaluation.exposure import LiveHosts, Shares, stacked


class Opened(msgspec.Struct, tag_field="row", tag="room"):
    """A room of a world begins or ends."""

    at_ms: int
    world: int
    room_id: str
    host_id: str
    live: bool


class Crowd(msgspec.Struct, tag_field="row", tag="crowd"):
    """How many different users had clicked on rooms of a host before the policy decided.

    Until then a world is the same for every policy, so each host is as large in every arm.
    """

    world: int
    host_id: str
    users: int


Seen = tuple[int, int, Sequence[str] | None]
"""A list: when, in which world, and its rooms; None where it was not the policy's."""


def exposure_in(seen: Sequence[Seen], opened: Sequence[Opened], crowds: Sequence[Crowd]) -> Shares:
    """The shares of each list, in the order given."""
    found: list[tuple[Floats, Floats] | None] = [None] * len(seen)
    by_world: defaultdict[int, list[int]] = defaultdict(list)
    for place, (_, world, _) in enumerate(seen):
        by_world[world].append(place)
    for world, places in by_world.items():
        stage = _Stage(
            sorted((row for row in opened if row.world == world), key=lambda row: row.at_ms),
            [row for row in crowds if row.world == world],
        )
        for place in sorted(places, key=lambda place: seen[place][0]):
            at_ms, _, rooms = seen[place]
            if rooms is not None:
                found[place] = stage.exposure(at_ms, rooms)
    return stacked(found)


class Crowds:
    """Who is known to come to which host, and which rooms begin and end, as a world tells it."""

    def __init__(self, world: int) -> None:
        self._world = world
        self._opened: list[Opened] = []
        self._host: dict[str, str] = {}
        self._users: defaultdict[str, set[str]] = defaultdict(set)

    def room(self, at_ms: int, room_id: str, host_id: str, live: bool) -> None:
        """A room is told of."""
        self._host[room_id] = host_id
        self._opened.append(Opened(at_ms, self._world, room_id, host_id, live))

    def came(self, user_id: str, room_id: str) -> None:
        """A user has clicked on a room."""
        host_id = self._host.get(room_id)
        if host_id is not None:
            self._users[host_id].add(user_id)

    def rows(self) -> list[Opened | Crowd]:
        """All of it, for `exposure_in`."""
        crowds = (Crowd(self._world, host, len(them)) for host, them in sorted(self._users.items()))
        return [*self._opened, *crowds]


class _Stage:
    """One world's rooms as time goes on."""

    def __init__(self, opened: Sequence[Opened], crowds: Sequence[Crowd]) -> None:
        self._rooms: dict[str, int] = {}
        hosts: dict[str, int] = {}
        host: list[int] = []
        for row in opened:
            if self._rooms.setdefault(row.room_id, len(host)) == len(host):
                host.append(hosts.setdefault(row.host_id, len(hosts)))
        changes = [(row.at_ms, self._rooms[row.room_id], row.live) for row in opened]
        self._live = LiveHosts(np.array(host, dtype=np.int64), changes)
        for crowd in crowds:
            if crowd.host_id in hosts:
                self._live.gain(hosts[crowd.host_id], crowd.users)

    def exposure(self, at_ms: int, rooms: Sequence[str]) -> tuple[Floats, Floats] | None:
        """What a list gives, by size."""
        self._live.advance(at_ms)
        return self._live.exposure([self._rooms[name] for name in rooms if name in self._rooms])
