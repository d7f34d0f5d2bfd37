"""One small log with its truth, shared by the tests that read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from events.decode import Decoder
from events.letters import DeadLetter
from simulator.generate import Simulation
from simulator.settings import SimulatorSettings, preset
from simulator.truth import Truth

LINES = 60_000


@dataclass(frozen=True)
class Log:
    """Lines as they arrived, the readable ones parsed (arrival order), the rest as letters."""

    settings: SimulatorSettings
    lines: list[bytes]
    events: list[dict[str, Any]]
    letters: list[DeadLetter]
    truth: Truth


@pytest.fixture(scope="session")
def log() -> Log:
    settings = preset("demo")
    simulation = Simulation(settings, seed=5)
    lines = list(simulation.lines(LINES))
    events, letters = [], []
    for line, row in zip(lines, Decoder().decode_all(lines), strict=True):
        if isinstance(row, DeadLetter):
            letters.append(row)
        else:
            assert row is not None
            events.append(orjson.loads(line))
    return Log(settings, lines, events, letters, simulation.truth)
