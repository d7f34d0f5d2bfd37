"""How often each segment of users was shown and clicked each room, stamped with its second."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

IMPRESSIONS, CLICKS = 0, 1
EVERYBODY = ""
"""The first segment of every table."""


class SegmentTable:
    """`values[i, j]` are fading impressions and clicks of segment `names[i]` on room `ids[j]`."""

    __slots__ = ("ids", "names", "stamp_s", "values")

    def __init__(
        self, stamp_s: int, names: list[str], ids: list[str], values: NDArray[np.float64]
    ) -> None:
        self.stamp_s = stamp_s
        self.names = names
        self.ids = ids
        self.values = values

    def pack(self) -> tuple[int, bytes, bytes, bytes]:
        """Stamp, names, ids and values, for another process or a snapshot."""
        encode = msgspec.msgpack.encode
        return self.stamp_s, encode(self.names), encode(self.ids), self.values.tobytes()

    @classmethod
    def unpack(cls, stamp_s: int, names: bytes, ids: bytes, values: bytes) -> SegmentTable:
        """The table of `pack`."""
        told = msgspec.msgpack.decode(names, type=list[str])
        rooms = msgspec.msgpack.decode(ids, type=list[str])
        shape = len(told), len(rooms), 2
        return cls(stamp_s, told, rooms, np.frombuffer(values).reshape(shape))


NO_SEGMENTS = SegmentTable(-1, [EVERYBODY], [], np.zeros((1, 0, 2)))
