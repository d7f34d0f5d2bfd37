"""Room tables on their way to another process, with their publisher's list of ids once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from features.rooms import COLUMNS, RoomTable

_GROUPS = msgspec.msgpack.Decoder(list[tuple[list[str], list[tuple[int, bytes]]]])


def pack_tables(tables: Iterable[RoomTable]) -> bytes:
    """The tables as bytes; neighbours that share a list of ids have it in common."""
    groups: list[tuple[list[str], list[RoomTable]]] = []
    for table in tables:
        if not groups or groups[-1][0] is not table.ids:
            groups.append((table.ids, []))
        groups[-1][1].append(table)
    return msgspec.msgpack.encode(
        [
            (
                ids[: max(len(table.values) for table in held)],
                [(table.stamp_s, table.values.tobytes()) for table in held],
            )
            for ids, held in groups
        ]
    )


def unpack_tables(packed: bytes) -> list[RoomTable]:
    """The tables of `pack_tables`."""
    return [
        RoomTable(stamp_s, ids, np.frombuffer(values).reshape(-1, len(COLUMNS)))
        for ids, held in _GROUPS.decode(packed)
        for stamp_s, values in held
    ]


class SharedIds:
    """One list of ids for all tables of a publisher, though each message brings its own.

    What a process has worked out about a list (`Places.among`) holds as long as the list
    does, so one that only goes on where the last one ended must not come as another.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._seen: Sequence[str] = self._ids
        self._seen_count = 0

    def share(self, table: RoomTable) -> None:
        """Give the table the list that those before it have, if it begins as its own does."""
        ids, known = table.ids, self._ids
        if ids is self._seen and len(ids) == self._seen_count:
            table.ids = known
            return
        self._seen, self._seen_count = ids, len(ids)
        common = min(len(ids), len(known))
        if ids[:common] == known[:common]:
            known += ids[common:]
        else:
            # The publisher has let rooms go, and numbers the others anew.
            known = self._ids = list(ids)
        table.ids = known
