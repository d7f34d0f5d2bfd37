"""Factors as LEARN has them: scored as they were served, learnt on what the blend leaves over."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec
import numpy as np

from features.example import Example
from models.factor_settings import FactorSettings
from models.factor_state import MachineState, extract, rebuild
from models.factor_table import FACTOR_NAMES, FactorTable
from models.factors import FactorMachine
from models.scorer import Linear, Vector, logits


class FactorLearnerState(msgspec.Struct, array_like=True):
    """The learner at rest."""

    machine: MachineState
    tables: list[bytes]  # that may still be asked for, oldest first
    is_new: bool


class FactorLearner:
    """One machine for all users and rooms, and its tables of the last `keep_s` seconds.

    `served` is what the tables said that DECIDE had at a second; the blend is learnt on that, so
    that no score knows its own label. Space: one table a `publish_s`.
    """

    def __init__(self, settings: FactorSettings, seed: int, keep_s: int) -> None:
        self.settings = settings
        self.machine = FactorMachine(
            settings.factors,
            settings.learning_rate,
            settings.squares,
            settings.l2,
            settings.spread,
            settings.gradient_max,
            settings.names_max,
            seed,
        )
        self._keep_s = keep_s
        self._tables: list[FactorTable] = []
        self._is_new = False

    def served(self, batch: Sequence[Example], seconds: Sequence[int]) -> Vector:
        """The product of each example's sides by the newest table stamped at its second or before;
        0 before the first, and where a side is empty.
        """
        stamps = [table.stamp_s for table in self._tables]
        found = np.zeros(len(batch))
        for row, (example, second) in enumerate(zip(batch, seconds, strict=True)):
            place = bisect_right(stamps, second)
            if place and example.user_side and example.room_side:
                found[row] = self._tables[place - 1].product(example.user_side, example.room_side)
        return found

    def learn(self, batch: Sequence[Example], offsets: Vector) -> None:
        """Learn the engagements of a second's examples in their order, whose other score in logits
        the offsets are.
        """
        for example, offset in zip(batch, offsets.tolist(), strict=True):
            if example.sampled and example.engaged >= 0 and example.user_side and example.room_side:
                self.machine.learn_sides(
                    *(example.user_side, example.room_side),
                    *(example.engaged == 1, example.weight, offset),
                )
                self._is_new = True

    def publish(self, second: int) -> FactorTable | None:
        """The table as of the end of a second, where it is time for one."""
        if not self._is_new:
            return None
        if self._tables and second < self._tables[-1].stamp_s + self.settings.publish_s:
            return None
        table = FactorTable(second, *self.machine.vectors())
        if not (np.isfinite(table.left).all() and np.isfinite(table.right).all()):
            raise FloatingPointError(
                f"factors left the finite numbers at second {second}: lower learning_rate"
            )
        self._tables.append(table)
        self._is_new = False
        old = bisect_right([one.stamp_s for one in self._tables], second - self._keep_s)
        # The newest at or before the bound is still the one served there.
        del self._tables[: max(old - 1, 0)]
        return table

    def figures(self) -> dict[str, int]:
        """What was learnt, and what had to leave."""
        machine = self.machine
        return {
            "factor_examples": machine.examples,
            "factor_names": len(machine.place),
            "factor_names_forgotten": machine.forgotten,
        }

    def snapshot(self) -> FactorLearnerState:
        """The state as plain values."""
        tables = [table.pack() for table in self._tables]
        return FactorLearnerState(extract(self.machine), tables, self._is_new)

    def restore(self, state: FactorLearnerState) -> None:
        """Continues a snapshot, bit by bit; StateError where vectors have another length."""
        rebuild(self.machine, state.machine)
        self._tables = [FactorTable.unpack(packed) for packed in state.tables]
        self._is_new = state.is_new


def beside(rows: Vector, weights: Linear) -> Vector:
    """What the blend says of rows without factors, whose feature is the last, in logits."""
    others = rows.copy()
    others[:, -len(FACTOR_NAMES) :] = 0.0
    return logits(others, weights)
