"""A mapping in two tiers: the values lately seen are objects, all others rest as bytes.

Tiers change no answer, only its price: a value that comes back is decoded, and decompressed
before where it is large, which takes less time than the decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Generic, Protocol, TypeVar

import msgspec
from zstandard import ZstdCompressionParameters, ZstdCompressor, ZstdDecompressor

# Of what is this short level -1 makes as little as level 1, in half the time.
_FAST = ZstdCompressionParameters.from_level(-1, source_size=4096)
_SMALL_BYTES = 512
_DUE_BYTES = 8
_ZSTD = 0x28
"""The first byte of a zstd frame, which no msgpack of a struct begins with."""


class Seen(Protocol):
    """A value that knows when it was last used, by the log's clock (ms)."""

    seen_ms: int


T = TypeVar("T", bound=Seen)


class Resting(Generic[T]):
    """Values of one array-like msgspec type by key.

    `due_ms(value)` is the last clock at which a resting value needs no look; it is kept before
    the bytes, so that `due` decodes nothing. Space: at most `objects_max` objects after `cool`
    and a quarter more before it does anything.
    """

    def __init__(self, kind: type[T], due_ms: Callable[[T], int], objects_max: int) -> None:
        self.objects: dict[str, T] = {}
        """Those that are objects now; a hot loop may look here first, anew after a `cool`."""
        self._packed: dict[str, bytes] = {}
        self._due_ms = due_ms
        self._objects_max = objects_max
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def __len__(self) -> int:
        return len(self.objects) + len(self._packed)

    def __iter__(self) -> Iterator[str]:
        """All keys, tier by tier; their order means nothing."""
        return chain(self.objects, self._packed)

    def get(self, key: str) -> T | None:
        """The value, an object from now on, or None."""
        value = self.objects.get(key)
        if value is None:
            packed = self._packed.pop(key, None)
            if packed is None:
                return None
            value = self.objects[key] = self._decode(_body(packed))
        return value

    def peek(self, key: str) -> T | None:
        """The value; where it rests, a copy of it, and it goes on to rest."""
        value = self.objects.get(key)
        if value is None:
            packed = self._packed.get(key)
            return None if packed is None else self._decode(_body(packed))
        return value

    def put(self, key: str, value: T) -> None:
        """Set a value."""
        self._packed.pop(key, None)
        self.objects[key] = value

    def drop(self, key: str) -> None:
        """Forget a value."""
        self.objects.pop(key, None)
        self._packed.pop(key, None)

    def cool(self) -> None:
        """Let the values beyond the limit rest, those seen longest ago first."""
        objects = self.objects
        if len(objects) <= self._objects_max * 5 // 4:
            return
        by_age = sorted(objects, key=lambda key: objects[key].seen_ms)
        going = by_age[: len(objects) - self._objects_max]
        # One for each batch: shared by threads it would need a lock, held by shards much memory.
        compress = ZstdCompressor(compression_params=_FAST).compress
        for key in going:
            value = objects.pop(key)
            body = self._encode(value)
            due = self._due_ms(value).to_bytes(_DUE_BYTES, "little", signed=True)
            self._packed[key] = due + (body if len(body) < _SMALL_BYTES else compress(body))
        if len(going) > 4 * self._objects_max:
            # A dict that things are only taken out of keeps the memory of its best days.
            self.objects = {**objects}

    def due(self, clock_ms: int) -> list[str]:
        """The resting keys to be looked at, as of a clock (ms)."""
        return [
            key
            for key, packed in self._packed.items()
            if int.from_bytes(packed[:_DUE_BYTES], "little", signed=True) < clock_ms
        ]

    def pack(self) -> dict[str, bytes]:
        """All values as msgpack, by key in sorted order, whatever their tier."""
        bodies = {key: self._encode(value) for key, value in self.objects.items()}
        inflate = ZstdDecompressor().decompress
        for key, packed in self._packed.items():
            body = packed[_DUE_BYTES:]
            bodies[key] = inflate(body) if body[0] == _ZSTD else body
        return dict(sorted(bodies.items()))

    def restore(self, bodies: dict[str, bytes]) -> None:
        """Take the values of `pack`; since nothing is decoded, all are due for a look."""
        due = (-1 << 63).to_bytes(_DUE_BYTES, "little", signed=True)
        compress = ZstdCompressor(compression_params=_FAST).compress
        self.objects = {}
        self._packed = {
            key: due + (body if len(body) < _SMALL_BYTES else compress(body))
            for key, body in bodies.items()
        }


def _body(packed: bytes) -> bytes | memoryview:
    body = memoryview(packed)[_DUE_BYTES:]
    return ZstdDecompressor().decompress(body) if packed[_DUE_BYTES] == _ZSTD else body
