"""The vectors of factors as they were at the end of a second, read-only, to score with."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from events.envelope import seal, unseal
from models.scorer import Vector

FACTOR_NAMES = ("factor_match",)
"""The feature that LEARN adds behind what OBSERVE has seen."""
_KIND = b"LLFT"
_VERSION = 1
Side = Sequence[tuple[str, float]]


class _Stored(msgspec.Struct, array_like=True):
    stamp_s: int
    factors: int
    names: list[str]
    left: bytes
    right: bytes


class FactorTable:
    """`left` and `right` have a vector for each name, [names, factors], on the user's side and the
    room's; `place` says where a name stands.
    """

    __slots__ = ("left", "place", "right", "stamp_s")

    def __init__(self, stamp_s: int, names: Sequence[str], left: Vector, right: Vector) -> None:
        self.stamp_s = stamp_s
        self.place = {name: number for number, name in enumerate(names)}
        self.left = left
        self.right = right

    @property
    def factors(self) -> int:
        """How many numbers a vector has."""
        return int(self.left.shape[1])

    def user(self, side: Side) -> Vector:
        """The vector of a user's side, [factors]; names that are not known count nothing."""
        return self._sum(self.left, side)

    def room(self, side: Side) -> Vector:
        """The vector of a room's side."""
        return self._sum(self.right, side)

    def _sum(self, held: Vector, side: Side) -> Vector:
        place = self.place
        known = [one for one in side if one[0] in place]
        if not known:
            return np.zeros(self.factors)
        vectors = held.take([place[name] for name, _ in known], 0)
        vectors *= np.array([value for _, value in known])[:, None]
        total: Vector = np.add.reduce(vectors)
        return total

    def product(self, user: Side, room: Side) -> float:
        """How well the two go together, a logit."""
        return float((self.user(user) * self.room(room)).sum())

    def pack(self) -> bytes:
        """The table as bytes; `unpack` gives back the same bits."""
        left, right = (held.astype("<f8").tobytes() for held in (self.left, self.right))
        stored = _Stored(self.stamp_s, self.factors, list(self.place), left, right)
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(stored))

    @classmethod
    def unpack(cls, packed: bytes) -> FactorTable:
        """The table of `pack`. Raises `StateError` for cut, damaged or other bytes."""
        stored = msgspec.msgpack.decode(unseal(_KIND, _VERSION, packed, "factors"), type=_Stored)
        shape = len(stored.names), stored.factors
        left, right = (
            np.frombuffer(held, "<f8").astype(np.float64).reshape(shape)
            for held in (stored.left, stored.right)
        )
        return cls(stored.stamp_s, stored.names, left, right)
