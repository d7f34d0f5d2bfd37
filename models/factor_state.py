"""A factor machine's state as plain values, and the machine rebuilt from them bit by bit."""

from __future__ import annotations

import msgspec
import numpy as np

from events.errors import StateError
from models.factors import FactorMachine


class MachineState(msgspec.Struct, array_like=True):
    """All that a machine learns; numbers stand name by name, little-endian."""

    factors: int
    examples: int
    forgotten: int
    names: list[str]
    held: bytes  # float64, [2, names, factors]
    sums: bytes  # float64, [2, names]
    seen: bytes  # int64, [names]


def extract(machine: FactorMachine) -> MachineState:
    """The state of a machine; changes nothing."""
    size = len(machine.place)
    return MachineState(
        machine.factors,
        machine.examples,
        machine.forgotten,
        list(machine.place),
        machine.held[:, :size].astype("<f8").tobytes(),
        machine.sums[:, :size].astype("<f8").tobytes(),
        machine.seen[:size].astype("<i8").tobytes(),
    )


def rebuild(machine: FactorMachine, state: MachineState) -> None:
    """Puts an extracted state into a fresh machine, which then continues as if never stopped."""
    if machine.factors != state.factors:
        raise StateError(
            f"the stored vectors have {state.factors} factors and settings ask for "
            f"{machine.factors}; set factors.factors back, or start from an empty recovery folder"
        )
    size = len(state.names)
    machine.place = {name: number for number, name in enumerate(state.names)}
    machine.examples, machine.forgotten = state.examples, state.forgotten
    held = np.frombuffer(state.held, "<f8").reshape(2, size, state.factors)
    sums = np.frombuffer(state.sums, "<f8").reshape(2, size)
    machine.reserve(size)
    machine.held[:, :size], machine.sums[:, :size] = held, sums
    machine.seen[:size] = np.frombuffer(state.seen, "<i8")
