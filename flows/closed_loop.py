"""What a product server does, for a simulated world: it reads lists and pushes, and shows them."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

import msgspec

from events.kinds import Event, person_of
from simulator.live import LiveWorld
from sinks.connect import Client
from sinks.keys import Keys
from sinks.reader import Reader

_LIST_ROOMS = 10


class ClosedLoop:
    """Takes the flow's decisions out of Redis and brings them before the world's viewers.

    Whoever acts gets the list that Redis holds for them now, for the next time that they ask;
    pushes leave their streams and reach the phone no earlier than they should.
    """

    def __init__(self, world: LiveWorld, client: Client, reader: Reader, keys: Keys) -> None:
        self._world = world
        self._client: Any = client
        self._reader = reader
        self._ends = {keys.push_out(stream): b"0-0" for stream in range(keys.push_streams)}
        self._waiting: list[tuple[int, str, str, str]] = []

    def answer(self, events: Sequence[Event]) -> None:
        """Bring what is decided before those who sent these events, and pushes to whom they go."""
        persons = dict.fromkeys(name for event in events if (name := person_of(event)))
        self._show(list(persons))
        self._push()

    def _show(self, persons: Sequence[str]) -> None:
        if not persons:
            return
        for view in self._reader.get_many(persons, self._world.now_ms):
            items = view.items[:_LIST_ROOMS]
            if items:
                self._world.viewer_responds(
                    view.user_id,
                    [item.room_id for item in items],
                    [item.propensity or 1.0 for item in items],
                    view.request_id,
                )

    def _push(self) -> None:
        for key, entries in self._client.xread(dict(self._ends)) or []:
            for entry_id, fields in entries:
                self._ends[key.decode()] = entry_id
                push = msgspec.json.decode(fields[b"d"])
                names = (push["push_id"], push["user_id"], push["room_id"])
                heappush(self._waiting, (push["not_before_ms"], *names))
        while self._waiting and self._waiting[0][0] <= self._world.now_ms:
            _, push_id, user_id, room_id = heappop(self._waiting)
            self._world.push(push_id, user_id, room_id)
