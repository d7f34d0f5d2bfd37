"""Who comes next: viewers by their activity and, where days have a rhythm, waking hours."""

from __future__ import annotations

import math

from simulator.cast import Viewer
from simulator.dice import Dice
from simulator.settings import SimulatorSettings

_HOUR_MS = 3_600_000
_SPREAD_H = 2.5  # how far around the peak hour a viewer still comes
_FLOOR = 0.08  # what is left of activity far from it
_TRIES = 12


class Crowd:
    """Draws viewers who are not in a session; the weights are made anew each hour of event time."""

    def __init__(self, viewers: list[Viewer], settings: SimulatorSettings, dice: Dice) -> None:
        self._viewers = viewers
        self._rhythm = settings.daily_rhythm
        self._in_turn = settings.in_turn_share
        self._turn = 0
        self._dice = dice
        self._hour = -1
        self._cumulative: list[float] = []

    def next(self, now_ms: int) -> Viewer | None:
        """A viewer who could begin a session now; None where nobody free was met in 12 tries."""
        hour = now_ms // _HOUR_MS
        if hour != self._hour:
            self._hour = hour
            self._weigh((now_ms % (24 * _HOUR_MS)) / _HOUR_MS + 0.5)
        in_turn = self._in_turn > 0.0 and self._dice.chance(self._in_turn)
        for _ in range(_TRIES):
            if in_turn:
                self._turn = (self._turn + 1) % len(self._viewers)
                viewer = self._viewers[self._turn]
            else:
                viewer = self._viewers[self._dice.pick_by(self._cumulative)]
            if not (viewer.busy or viewer.gone or viewer.scripted):
                return viewer
        return None

    def _weigh(self, hour_utc: float) -> None:
        total = 0.0
        self._cumulative = []
        for viewer in self._viewers:
            weight = viewer.activity
            if self._rhythm:
                away = abs(hour_utc - viewer.peak_utc) % 24.0
                away = min(away, 24.0 - away)
                weight *= _FLOOR + math.exp(-0.5 * (away / _SPREAD_H) ** 2)
            total += weight
            self._cumulative.append(total)
