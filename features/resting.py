"""A mapping in two tiers: the values lately seen are objects, all others rest as bytes.

Tiers change no answer, only its price: a value that comes back is decompressed and decoded, of
which decoding takes more time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Generic, Protocol, TypeVar

import msgspec

from features.shrink import Shrink

DUE_BYTES = 8


class Seen(Protocol):
    """A value that knows when it was last used, by the log's clock (ms)."""

    seen_ms: int


T = TypeVar("T", bound=Seen)


class Resting(Generic[T]):
    """Values of one array-like msgspec type by key.

    `due_ms(value)` is the last clock at which a resting value needs no look; it is kept before
    the bytes, so that `due` decodes nothing. Mappings of one kind in one thread may share a
    `shrink`. Space: at most `objects_max` objects after `cool` and a quarter more before it does
    anything.
    """

    def __init__(
        self,
        kind: type[T],
        due_ms: Callable[[T], int],
        objects_max: int,
        shrink: Shrink | None = None,
    ) -> None:
        self.objects: dict[str, T] = {}
        """Those that are objects now; a hot loop may look here first, anew after a `cool`."""
        self._packed: dict[str, bytes] = {}
        self._due_ms = due_ms
        self._objects_max = objects_max
        self._shrink = shrink or Shrink()
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
            value = self.objects[key] = self._decode(self._shrink.inflate(packed, DUE_BYTES))
        return value

    def peek(self, key: str) -> T | None:
        """The value; where it rests, a copy of it, and it goes on to rest."""
        value = self.objects.get(key)
        if value is None:
            packed = self._packed.get(key)
            if packed is not None:
                return self._decode(self._shrink.inflate(packed, DUE_BYTES))
        return value

    def put(self, key: str, value: T) -> None:
        """Set a value."""
        self._packed.pop(key, None)
        self.objects[key] = value

    def drop(self, key: str) -> None:
        """Forget a value."""
        self.objects.pop(key, None)
        self._packed.pop(key, None)

    def write(self) -> None:
        """Put on a shelf what was touched, where there is one; here there is none."""

    def cool(self) -> None:
        """Let the values beyond the limit rest, those seen longest ago first."""
        objects = self.objects
        if len(objects) <= self._objects_max * 5 // 4:
            return
        by_age = sorted(objects, key=lambda key: objects[key].seen_ms)
        going = by_age[: len(objects) - self._objects_max]
        shrink = self._shrink.shrink
        for key in going:
            value = objects.pop(key)
            due = self._due_ms(value).to_bytes(DUE_BYTES, "little", signed=True)
            self._packed[key] = due + shrink(self._encode(value))
        if len(going) > 4 * self._objects_max:
            # A dict that things are only taken out of keeps the memory of its best days.
            self.objects = {**objects}

    def due(self, clock_ms: int) -> list[str]:
        """The resting keys to be looked at, as of a clock (ms)."""
        return [
            key
            for key, packed in self._packed.items()
            if int.from_bytes(packed[:DUE_BYTES], "little", signed=True) < clock_ms
        ]

    def pack(self) -> dict[str, bytes]:
        """All values as msgpack, by key in sorted order, whatever their tier."""
        bodies = {key: self._encode(value) for key, value in self.objects.items()}
        inflate = self._shrink.inflate
        for key, packed in self._packed.items():
            bodies[key] = bytes(inflate(packed, DUE_BYTES))
        return dict(sorted(bodies.items()))

    def restore(self, bodies: dict[str, bytes]) -> None:
        """Take the values of `pack`; since nothing is decoded, all are due for a look."""
        due = (-1 << 63).to_bytes(DUE_BYTES, "little", signed=True)
        shrink = self._shrink.shrink
        self.objects = {}
        self._packed = {key: due + shrink(body) for key, body in bodies.items()}
