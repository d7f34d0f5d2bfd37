"""An endless log of a world that nobody answers to: the open loop."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.settings import SimulatorSettings
from simulator.truth import Truth
from simulator.world import World

_BATCH = 256  # lines handed out at a time; what is in memory does not grow with the log


class Simulation:
    """A world whose lists come from its own crude policy; the same seed gives the same bytes."""

    def __init__(self, settings: SimulatorSettings, seed: int) -> None:
        self._world = World(settings, seed)

    @property
    def truth(self) -> Truth:
        """What really holds, counted up to the last line handed out."""
        return self._world.truth

    def lines(self, count: int) -> Iterator[bytes]:
        """The next `count` lines, JSON without line ends, the catalogue first."""
        wire, advance = self._world.stage.wire, self._world.advance
        while count > 0:
            while len(wire) < _BATCH:
                advance()
            batch = wire.drain(min(count, _BATCH))
            count -= len(batch)
            yield from batch


def generate(settings: SimulatorSettings, seed: int, events: int) -> Iterator[bytes]:
    """A log of `events` lines as they would arrive, defects included, in bounded memory."""
    return Simulation(settings, seed).lines(events)
