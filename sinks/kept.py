"""What was delivered, the newest of each key, on disk: a Redis that lost it is filled from here.

The store is RocksDB with its write-ahead log: what was noted survives `kill -9` at once, and a
fallen machine but for the last seconds. So an epoch's end has nothing to wait for.
"""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from rocksdict import Rdict, WriteBatch

from decisions.outputs import HEAD_BYTES, CardWrite, Push, RoomWrite, Write
from sinks.rocks import pairs_from, raw_options, rewrite

Held = Write | RoomWrite | CardWrite | Push

# Models and rooms stand before users in a key's order, and so come back first.
_CARD, _PUSH, _ROOM, _USER, _PUSHES_OF = b"c", b"p", b"r", b"u", b"x"
_KINDS: Final = {_CARD: CardWrite, _PUSH: Push, _ROOM: RoomWrite, _USER: Write}
_DECODERS: Final = {kind[0]: msgspec.msgpack.Decoder(what) for kind, what in _KINDS.items()}
_TIME: Final = struct.Struct(">Q")
_LENGTH: Final = struct.Struct(">H")
_AS_OF: Final = re.compile(rb'"as_of_ms":(\d+)')
_BUFFER_BYTES: Final = 16 << 20
_FILES_OPEN: Final = 64
_SWEPT: Final = 100
_ERASED: Final = "erased"
_DAMAGED: Final = (
    "if it is damaged, remove this folder, and Redis is not filled again from what was delivered "
    "before"
)
_encode = msgspec.msgpack.Encoder().encode


class KeptError(Exception):
    """The folder cannot be used; the message says why and what to do."""


class Kept:
    """One writer's copy of its own keys, in a folder of its own.

    `fresh` forgets what an earlier run left there. What was erased before the last `close` or
    crash is gone from its files once it has been opened again.
    """

    def __init__(self, folder: Path | str, fresh: bool) -> None:
        self._folder = Path(folder)
        self._swept = _USER
        self._newest_ms = 0
        options = raw_options()
        options.create_if_missing(True)
        options.set_write_buffer_size(_BUFFER_BYTES)
        options.set_max_open_files(_FILES_OPEN)
        try:
            if fresh:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._store = Rdict(str(self._folder), options)
            if (self._folder / _ERASED).exists():
                rewrite(self._store)
                self._store = Rdict(str(self._folder), options)
                (self._folder / _ERASED).unlink()
        except Exception as problem:
            raise KeptError(
                f"the copy of what was delivered in {self._folder} cannot be opened ({problem}): "
                f"free the disk or repair its rights; {_DAMAGED}"
            ) from None

    def note(self, values: Iterable[Write | RoomWrite | CardWrite]) -> None:
        """Keep these values in place of those of the same keys."""
        batch = WriteBatch(raw_mode=True)
        for value in values:
            if isinstance(value, Write):
                batch.put(_user_key(value.user_id, value.name), _encode(value))
            elif isinstance(value, RoomWrite):
                batch.put(_ROOM + value.room_id.encode(), _encode(value))
            else:
                batch.put(_CARD + value.name.encode(), _encode(value))
        self._write(batch)

    def note_pushes(self, pushes: Iterable[Push]) -> None:
        """Keep these pushes, which have left."""
        batch = WriteBatch(raw_mode=True)
        for push in pushes:
            batch.put(_push_key(push), _encode(push))
            batch.put(_pushes_of(push.user_id) + _push_key(push), b"")
        self._write(batch)

    def forget(self, erased: Sequence[tuple[str, str]], recalled: Sequence[str] = ()) -> None:
        """Drop values, by user and name, and users' pushes."""
        (self._folder / _ERASED).touch()
        batch = WriteBatch(raw_mode=True)
        for user_id, name in erased:
            batch.delete(_user_key(user_id, name))
        for user_id in recalled:
            prefix = _pushes_of(user_id)
            for key, _ in self._from(prefix):
                if not key.startswith(prefix):
                    break
                batch.delete(key)
                batch.delete(key[len(prefix) :])
        self._write(batch)

    def after(self, key: bytes, count: int) -> tuple[list[Held], bytes | None]:
        """So many of what is held behind a key, and where the next are; None: these are the last.

        From `b""` on, all of it is found: models, pushes by time, rooms, users.
        """
        found: list[Held] = []
        for at, body in self._from(key):
            if at >= _PUSHES_OF:
                break
            if len(found) == count:
                return found, at
            found.append(_DECODERS[at[0]].decode(body))
        return found, None

    def sweep(self, ttl_ms: int, pushes_before_ms: int) -> None:
        """Drop some pushes of before a time, and of users' values some that Redis has let go.

        Each call looks at a limited number, and goes on where the last one ended.
        """
        batch = WriteBatch(raw_mode=True)
        for place, (key, body) in enumerate(self._from(_PUSH)):
            if place == _SWEPT or key >= _PUSH + _TIME.pack(max(0, pushes_before_ms)):
                break
            push: Any = _DECODERS[_PUSH[0]].decode(body)
            batch.delete(key)
            batch.delete(_pushes_of(push.user_id) + key)
        before_ms = self._newest_ms - ttl_ms
        for place, (key, body) in enumerate(self._from(self._swept)):
            self._swept = key
            if key >= _PUSHES_OF:
                self._swept = _USER
                break
            if place == _SWEPT:
                break
            held: Any = _DECODERS[_USER[0]].decode(body)
            as_of = _AS_OF.search(held.body[: 2 * HEAD_BYTES])
            as_of_ms = int(as_of[1]) if as_of else 0
            self._newest_ms = max(self._newest_ms, as_of_ms)
            if as_of_ms < before_ms:
                batch.delete(key)
        else:
            self._swept = _USER
        self._write(batch)

    def close(self) -> None:
        """Write out and close."""
        try:
            self._store.flush()
        except Exception as problem:
            raise self._failed(problem) from None
        self._store.close()

    def _from(self, key: bytes) -> Iterator[tuple[bytes, bytes]]:
        try:
            yield from pairs_from(self._store, key)
        except Exception as problem:
            raise KeptError(
                f"the copy of what was delivered in {self._folder} cannot be read ({problem}): "
                f"{_DAMAGED}"
            ) from None

    def _write(self, batch: WriteBatch) -> None:
        if not len(batch):
            return
        try:
            self._store.write(batch)
        except Exception as problem:
            raise self._failed(problem) from None

    def _failed(self, problem: Exception) -> KeptError:
        return KeptError(
            f"the copy of what was delivered in {self._folder} cannot be written ({problem}): "
            "free the disk, then start again"
        )


def kept_in(folder: Path | str) -> Callable[[str, bool], Kept]:
    """Opens the copies of writers, by name and whether to begin anew, in folders side by side."""
    return lambda name, fresh: Kept(Path(folder) / name, fresh)


def _user_key(user_id: str, name: str) -> bytes:
    return b"%b%b\0%b" % (_USER, user_id.encode(), name.encode())


def _push_key(push: Push) -> bytes:
    return _PUSH + _TIME.pack(max(0, push.at_ms)) + push.push_id.encode()


def _pushes_of(user_id: str) -> bytes:
    """What the keys of a user's pushes open with, in the index by user."""
    user = user_id.encode()
    return _PUSHES_OF + _LENGTH.pack(len(user)) + user
