"""A weights table is what every model knew at the end of one closed second, ready to be sent."""

from __future__ import annotations

import msgspec
import numpy as np

from events.envelope import seal, unseal
from models.factor_table import FactorTable
from models.scorer import RankWeights, Weights

_KIND = b"LLWT"
_VERSION = 1


class WeightsTable(msgspec.Struct, frozen=True, gc=False):
    """Weights of every model and the utility made of them; `second` is event time, the stamp.

    `factors` are those that held then. They are larger and change less often: they travel and rest
    beside the tables, and readers put them together.
    """

    second: int
    weights: dict[str, Weights]
    rank: RankWeights
    factors: FactorTable | None = None


class _Stored(msgspec.Struct, array_like=True):
    second: int
    names: tuple[str, ...]
    models: list[tuple[str, bytes, float, int, int, int]]
    rank: tuple[bytes, float, dict[str, int]]


def encode_table(table: WeightsTable) -> bytes:
    """A table as bytes; `decode_table` gives back the same bits."""
    stored = _Stored(
        table.second,
        table.rank.names,
        [
            (w.name, _pack(w.coef), w.intercept, w.examples, w.positives, w.version)
            for w in table.weights.values()
        ],
        (_pack(table.rank.coef), table.rank.intercept, table.rank.versions),
    )
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(stored))


def decode_table(data: bytes) -> WeightsTable:
    """The table of `encode_table`. Raises `StateError` for cut, damaged or other bytes."""
    stored = msgspec.msgpack.decode(unseal(_KIND, _VERSION, data), type=_Stored)
    weights = {
        name: Weights(name, stored.names, _unpack(coef), intercept, examples, positives, version)
        for name, coef, intercept, examples, positives, version in stored.models
    }
    coef, intercept, versions = stored.rank
    rank = RankWeights(stored.names, _unpack(coef), intercept, versions)
    return WeightsTable(stored.second, weights, rank)


def _pack(coef: np.typing.NDArray[np.float64]) -> bytes:
    return coef.astype("<f8").tobytes()


def _unpack(data: bytes) -> np.typing.NDArray[np.float64]:
    return np.frombuffer(data, dtype="<f8").astype(np.float64)
