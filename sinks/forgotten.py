"""Whose lines a log is to lose, until it is next opened: as hashes, with how far they reach.

A log is written at its end alone while a flow runs. So who is forgotten is noted beside it, by a
BLAKE2b digest of 128 bits, and their lines are blanked where they stand when the flow is down:
lengths stay, so that a saved state still fits.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

Lines = Callable[[BinaryIO], Iterator[tuple[int, str, bytes]]]
"""Of a log each line's offset, whose it is, and bytes of the same length to put in its place."""

_NOTE: Final = struct.Struct(">16sQ")


def _digest(user_id: str) -> bytes:
    return blake2b(user_id.encode(), digest_size=16).digest()


class Forgotten:
    """The notes beside one log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._path = log.with_name(log.name + ".forgotten")

    def note(self, users: Iterable[str], end: int) -> None:
        """All lines of these users before this offset are to go."""
        with open(self._path, "ab") as file:
            file.write(b"".join(_NOTE.pack(_digest(user), end) for user in users))

    def blank(self, lines: Lines) -> int:
        """Blank what is to go, then drop the notes; how many lines. Done again it ends alike."""
        try:
            notes = self._path.read_bytes()
        except FileNotFoundError:
            return 0
        reach: dict[bytes, int] = {}
        for digest, end in _NOTE.iter_unpack(notes[: len(notes) // _NOTE.size * _NOTE.size]):
            reach[digest] = max(end, reach.get(digest, 0))
        blanked = 0
        if self._log.exists():
            with open(self._log, "rb") as file, open(self._log, "r+b", buffering=0) as target:
                for offset, user_id, instead in lines(file):
                    if offset < reach.get(_digest(user_id), 0):
                        os.pwrite(target.fileno(), instead, offset)
                        blanked += 1
                os.fsync(target.fileno())
        self._path.unlink()
        return blanked
