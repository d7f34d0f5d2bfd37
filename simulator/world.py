"""The simulated world as one thing that runs: rooms live, viewers come, and lines flow out."""

from __future__ import annotations

from simulator import broadcast, reach
from simulator.bots import bot_session
from simulator.crowd import Crowd
from simulator.dice import Dice
from simulator.session import session
from simulator.settings import SimulatorSettings
from simulator.stage import Life, Stage

_TICK_MS = 100


class World:
    """Rooms, viewers and the wire, run by event time.

    Sessions begin whenever the persons' events so far fall short of `events_per_second`, so the
    rate is met whatever a session happens to yield. `own_pushes`: the world itself calls fans when
    a room starts; without, it waits for the pushes that it is given.
    """

    def __init__(self, settings: SimulatorSettings, seed: int, own_pushes: bool = True) -> None:
        self.settings = settings
        self.stage = Stage(settings, seed)
        self.truth = self.stage.truth
        self._crowd = Crowd(self.stage.viewers, settings, Dice(seed, "crowd"))
        self.stage.starters = lambda room: reach.starters(self.stage, room, own_pushes)
        broadcast.announce_catalog(self.stage)
        self.stage.clock.start(self._arrivals())

    def advance(self) -> None:
        """Go to the next moment at which anything happens."""
        self.stage.clock.wake()

    def advance_to(self, until_ms: int) -> None:
        """Live through everything up to and at a time."""
        clock = self.stage.clock
        while (wake_ms := clock.next_wake_ms()) is not None and wake_ms <= until_ms:
            clock.wake()
        clock.now_ms = max(clock.now_ms, until_ms)
        self.stage.wire.release(until_ms)

    def _arrivals(self) -> Life:
        """Start sessions, spread over each tenth of a second, to keep the rate."""
        stage, dice = self.stage, self.stage.dice
        size = self.settings.list_size
        due = 0.0
        while True:
            due += self.settings.events_per_second * _TICK_MS / 1_000
            missing = (due - stage.said) / size
            starts = int(missing) + dice.chance(missing % 1.0) if missing > 0.0 else 0
            for _ in range(starts):
                viewer = self._crowd.next(stage.clock.now_ms)
                if viewer is None:
                    break
                live = bot_session if viewer.bot else session
                stage.clock.start(live(stage, viewer), dice.whole(0, _TICK_MS - 1))
            yield _TICK_MS
