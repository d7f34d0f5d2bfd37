"""What every behaviour acts on: the clock, the wire, the catalogue, chance, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from simulator.cast import Room, Viewer
from simulator.catalog import Catalog
from simulator.clock import Clock
from simulator.dial import Dial
from simulator.dice import Dice
from simulator.policy import Policy
from simulator.settings import SimulatorSettings
from simulator.tastes import Tastes
from simulator.truth import Truth
from simulator.viewers import make_viewer
from simulator.wire import Fields, Wire

Life = Iterator[int]  # acts, then gives the ms until it acts again
Slate = tuple[str, str, list[tuple[Room, float]]]  # request id, surface, rooms with propensities


class Stage:
    """The shared parts of one simulated world, made from settings and a seed."""

    def __init__(self, settings: SimulatorSettings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.clock = Clock(settings.start_ms)
        self.catalog = Catalog(settings, Dice(seed, "catalog"))
        self.dice = Dice(seed, "life")
        self.tastes = Tastes(settings, self.catalog.groups, Dice(seed, "tastes"))
        self.truth = Truth(self.catalog.tags)
        self.wire = Wire(settings, self.truth, Dice(seed, "wire"))
        self.policy = Policy(
            settings.explore_share, settings.popular_share, settings.tags, Dice(seed, "policy")
        )
        self.rooms: dict[str, Room] = {}  # scheduled and live
        self.scheduled: list[Room] = []
        self.clicks = Dial(settings.click_share, 0.3)
        self.quick_leaves = Dial(settings.quick_leave_share)
        self.comments = Dial(settings.comments_per_click, 0.8)
        self.likes = Dial(settings.likes_per_click, 0.8)
        self.gifts = Dial(settings.gifts_per_click, 0.8)
        # Where the lists come from; the closed loop puts its own source here.
        self.given: Callable[[Viewer], Slate | None] = lambda viewer: None
        # Hears what is shown to whom: viewer, request id, surface, rooms.
        self.witness: Callable[[Viewer, str, str, list[Room]], None] = lambda *shown: None
        # Which lives begin because a room does: who was called, and who waited.
        self.starters: Callable[[Room], list[Life]] = lambda room: []
        self.events = 0
        self.requests = 0
        self.said = 0  # events of persons
        self.people: dict[str, Viewer] = {}  # by user id and by the name their events count for
        self._born = 0
        self._cradle = Dice(seed, "viewers")
        self.viewers = [self._newcomer(seat) for seat in range(settings.viewers)]

    def _newcomer(self, seat: int) -> Viewer:
        now_ms = self.clock.now_ms
        viewer = make_viewer(self._born, seat, now_ms, self.settings, self.tastes, self._cradle)
        self._born += 1
        self.meet(viewer)
        return viewer

    def meet(self, viewer: Viewer) -> None:
        """Make a viewer known to the world and to its truth."""
        self.people[viewer.person] = viewer
        self.people[viewer.user_id] = viewer
        self.truth.know(viewer.person, viewer.tastes)
        self.truth.know(viewer.user_id, viewer.tastes)
        self.truth.segments[viewer.user_id] = viewer.segment.name
        if viewer.bot:
            self.truth.bots.append(viewer.user_id)

    def leave(self, viewer: Viewer) -> None:
        """A viewer goes for good; somebody new takes the seat, so that the crowd stays as large."""
        viewer.gone = True
        self.people.pop(viewer.person, None)
        self.people.pop(viewer.user_id, None)
        self.viewers[viewer.seat] = self._newcomer(viewer.seat)

    def say(self, viewer: Viewer, kind: str, fields: Mapping[str, object]) -> str:
        """Send an event of a person, now; gives its event id."""
        self.events += 1
        self.said += 1
        now_ms = self.clock.now_ms
        event_id = f"s{self.seed}-{self.events}"
        event: Fields = {
            "event_id": event_id,
            "kind": kind,
            "event_time_ms": now_ms,
            **viewer.identity,
            **fields,
        }
        # What a demonstration shows must not depend on bad luck on the way.
        send = self.wire.send_safely if viewer.scripted else self.wire.send
        send(event, kind, now_ms, event_id)
        return event_id

    def announce(self, kind: str, fields: Mapping[str, object]) -> None:
        """Send an event that nobody's device has to deliver: the catalogue, accounts."""
        self.events += 1
        now_ms = self.clock.now_ms
        event_id = f"s{self.seed}-{self.events}"
        event: Fields = {"event_id": event_id, "kind": kind, "event_time_ms": now_ms, **fields}
        self.wire.send_safely(event, kind, now_ms, event_id)

    def request_id(self) -> str:
        """A request id that was not used before."""
        self.requests += 1
        return f"q{self.seed}-{self.requests}"
