"""The boards of one process, made on demand from its scenes and the stamped weights."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from decisions.board import Board, LiveRooms
from decisions.column import Column
from decisions.fits import Fits
from decisions.settings import SlateSettings
from features.bounded import make_room
from features.content import Content
from features.scene import Scene, SceneKey, Scenes
from features.sides import SideSettings
from features.tables import Stamped
from features.vector import VectorSettings
from models.factor_table import FactorTable
from models.table import WeightsTable

_KEPT_MAX = 64
_Key = tuple[SceneKey, int]


class Boards:
    """Gives DECIDE the scene, the weights and the board that hold at a second."""

    def __init__(
        self,
        scenes: Scenes,
        default: WeightsTable,
        delay_s: int,
        settings: SlateSettings,
        sides: SideSettings | None = None,
        vector: VectorSettings | None = None,
    ) -> None:
        """`sides` and `vector` are there where factors are on."""
        self.scenes = scenes
        self.tables: Stamped[WeightsTable] = Stamped(delay_s, default)
        self._factors: Stamped[FactorTable | None] = Stamped(0, None)
        self.waits = True
        self._settings = settings
        self._sides = sides
        self._vector = vector
        self._boards: dict[_Key, Board] = {}
        self._live: dict[int, tuple[Content, LiveRooms]] = {}
        self._fits: dict[tuple[int, int], Fits] = {}
        self._columns: dict[tuple[_Key, int], Column] = {}

    def publish(
        self, tables: Sequence[tuple[int, WeightsTable]], factors: Sequence[FactorTable]
    ) -> None:
        """Weights with their stamps, and the factors that any of them is the first to have."""
        for one in factors:
            self._factors.publish(one.stamp_s, one)
        for stamp_s, table in tables:
            held = self._factors.at(stamp_s)[1]
            if held is not None:
                table = msgspec.structs.replace(table, factors=held)
            self.tables.publish(stamp_s, table)
            self._factors.forget_before(stamp_s)

    def is_ready(self, second: int) -> bool:
        """Whether the weights of this second are certain."""
        return not self.waits or self.tables.is_ready(second)

    def at(self, second: int, seq: int) -> tuple[Scene, WeightsTable]:
        """Scene and weights for a decision at this second after `seq` catalogue events."""
        return self.scenes.at(second, seq), self.tables.at(second)[1]

    def board(self, scene: Scene, table: WeightsTable) -> tuple[Board, LiveRooms]:
        """The board of a scene and weights."""
        key = _key(scene, table)
        board = self._boards.get(key)
        if board is None:
            board = Board(scene, table, self._settings, self._fits_of(scene.content, table))
            make_room(self._boards, _KEPT_MAX)
            self._boards[key] = board
        held = self._live.get(scene.content.seq)
        if held is None or held[0] is not board.content:
            held = (board.content, LiveRooms(board.content))
            make_room(self._live, _KEPT_MAX)
            self._live[scene.content.seq] = held
        return board, held[1]

    def _fits_of(self, content: Content, table: WeightsTable) -> Fits | None:
        """The live rooms by the factors that held with the weights; None where there are none."""
        factors = table.factors
        if factors is None or self._sides is None or self._vector is None:
            return None
        key = content.seq, factors.stamp_s
        fits = self._fits.get(key)
        if fits is None:
            fits = Fits(content, factors, self._sides, self._vector)
            make_room(self._fits, _KEPT_MAX)
            self._fits[key] = fits
        return fits

    def column(
        self, scene: Scene, table: WeightsTable, number: int, vector: VectorSettings
    ) -> Column:
        """One room of a scene, to be scored for many users."""
        key = (_key(scene, table), number)
        column = self._columns.get(key)
        if column is None:
            column = Column(scene, table, number, self._settings, vector, self._sides)
            make_room(self._columns, _KEPT_MAX)
            self._columns[key] = column
        return column


def _key(scene: Scene, table: WeightsTable) -> _Key:
    return scene.key, table.second
