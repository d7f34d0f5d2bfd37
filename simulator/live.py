"""A world that answers: the closed loop, in which viewers see what they are recommended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator import reach
from simulator.cast import Room, Viewer
from simulator.protagonist import Protagonist
from simulator.settings import SimulatorSettings
from simulator.stage import Slate
from simulator.truth import Truth
from simulator.utility import list_utility
from simulator.world import World

Given = tuple[str | None, list[str], list[float]]
"""A list from outside: request id, room ids, best first, and their propensities."""

Witness = Callable[[str, str, str, list[Room], float], None]
"""Hears of each list: user id, request id, surface, rooms, and what it is worth to the viewer."""


class LiveWorld:
    """A world stepped by its caller, who hands in lists and pushes between the steps.

    Same seed and same calls, same bytes. A list is shown once, the next time that the viewer
    asks for one; who has none gets the world's own. Viewers go by user id, or while anonymous by
    the name that their events count for (`device:…`).
    """

    def __init__(self, settings: SimulatorSettings, seed: int) -> None:
        self._world = World(settings, seed, own_pushes=False)
        self._stage = self._world.stage
        self._stage.given = self._take
        self._ask: Callable[[str], Given | None] = lambda person: None
        self.protagonist = Protagonist(self._stage)
        self._lists: dict[str, Given] = {}

    @property
    def truth(self) -> Truth:
        """What really holds, counted up to the last line handed out."""
        return self._world.truth

    @property
    def now_ms(self) -> int:
        """The event time up to which the world has been lived through."""
        return self._stage.clock.now_ms

    def step(self, until_ms: int) -> list[bytes]:
        """Live on up to and at a time; the lines that arrive in that stretch."""
        self._world.advance_to(until_ms)
        return self._stage.wire.drain(len(self._stage.wire))

    def viewer_responds(
        self,
        user_id: str,
        items: Sequence[str],
        propensities: Sequence[float] = (),
        request_id: str | None = None,
    ) -> bool:
        """What this viewer is shown next: room ids, best first; replaces a list not yet shown.

        `propensities` go with the items, each in (0, 1], or are left out (then 1). ValueError
        where their number differs. False where no such viewer is here (any more).
        """
        if propensities and len(propensities) != len(items):
            raise ValueError(f"{len(items)} items, but {len(propensities)} propensities")
        viewer = self._stage.people.get(user_id)
        if viewer is None:
            return False
        chances = list(propensities) or [1.0] * len(items)
        self._lists[viewer.user_id] = (request_id, list(items), chances)
        return True

    def experiment(self, ask: Callable[[str], Given | None], witness: Witness) -> None:
        """From now on `ask` is where each viewer's list comes from, by whom their events count for.

        Where it gives None the world's own list is shown. How readily people act is held as it
        is, so that better lists get more of them to; bots are nobody's witness.
        """
        stage = self._stage
        self._ask = ask
        for dial in (stage.clicks, stage.quick_leaves, stage.comments, stage.likes, stage.gifts):
            dial.hold()

        def see(viewer: Viewer, request_id: str, surface: str, rooms: list[Room]) -> None:
            if not viewer.bot:
                worth = list_utility(stage, viewer, rooms)
                witness(viewer.user_id, request_id, surface, rooms, worth)

        stage.witness = see

    def user_of(self, person: str) -> str | None:
        """The user id of whom events count for; None for who is not here (any more)."""
        viewer = self._stage.people.get(person)
        return None if viewer is None else viewer.user_id

    def push(self, push_id: str, user_id: str, room_id: str) -> bool:
        """Send a push now: it is delivered and opened, dismissed or ignored in later steps.

        False where no such viewer is here (any more).
        """
        stage, viewer = self._stage, self._stage.people.get(user_id)
        if viewer is None:
            return False
        stage.clock.start(reach.push(stage, viewer, push_id, stage.rooms.get(room_id)))
        return True

    def title_of(self, room_id: str) -> str:
        """The title of a room that is scheduled or live; its id where it is neither."""
        room = self._stage.rooms.get(room_id)
        return room_id if room is None else room.title

    def _take(self, viewer: Viewer) -> Slate | None:
        """The list waiting for a viewer, without what has ended; None where nothing is left."""
        waiting = self._lists.pop(viewer.user_id, None) or self._ask(viewer.person)
        if waiting is None:
            return None
        request_id, items, chances = waiting
        slots: dict[str, tuple[Room, float]] = {}
        for room_id, chance in zip(items, chances, strict=True):
            room = self._stage.rooms.get(room_id)
            if room is not None and room.live:
                slots.setdefault(room_id, (room, chance))
        if not slots:
            return None
        return request_id or self._stage.request_id(), "recs", list(slots.values())
