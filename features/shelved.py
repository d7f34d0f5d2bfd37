"""A mapping in two tiers whose lower one is a shelf: what is not active is on disk alone.

Only what was touched since the last `write` has to be written before a snapshot, so a snapshot
costs what has happened since then, not what is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from features.resting import DUE_BYTES, Resting, T
from features.shelf import Shelf
from features.shrink import Shrink

_COUNT = ""
"""The key under which the number of values lies; no value has it."""


@dataclass(frozen=True)
class Limits:
    """How many values are objects, in memory alone and with a shelf; keys a call of `due`."""

    objects_max: int
    shelved_objects_max: int
    page: int


def kept(
    kind: type[T],
    due_ms: Callable[[T], int],
    limits: Limits,
    shrink: Shrink,
    shelf: Shelf | None,
) -> Resting[T]:
    """A mapping that rests in memory, or on a shelf where there is one."""
    if shelf is None:
        return Resting(kind, due_ms, limits.objects_max, shrink)
    return Shelved(kind, due_ms, limits.shelved_objects_max, shelf, limits.page)


class Shelved(Resting[T]):
    """Values of one array-like msgspec type by key, on a shelf but for the active ones.

    `objects` are those touched since the last `write`, a few more unchanged ones are held too.
    A value that was got before a `write` must be got again before it is changed: whoever changes
    one that is not in `objects` changes a copy. Judged by `Resting`: same calls, same answers.
    """

    def __init__(
        self,
        kind: type[T],
        due_ms: Callable[[T], int],
        objects_max: int,
        shelf: Shelf,
        page: int,
    ) -> None:
        super().__init__(kind, due_ms, objects_max)
        self._page = page
        self._shelf = shelf
        self._still: dict[str, T] = {}
        self._looked = ""
        count = shelf.get(_COUNT)
        self._count = self._told = int(count) if count is not None else 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        """All keys, in no order that means anything."""
        held = {**self.objects, **self._still}
        rest = (key for key, _ in self._shelf.items() if key not in held)
        return chain(held, rest)

    def get(self, key: str) -> T | None:
        """The value, an object that will be written, or None."""
        value = self.objects.get(key)
        if value is None:
            value = self._still.pop(key, None)
            if value is None:
                body = self._shelf.get(key)
                if body is None:
                    return None
                value = self._decode(body[DUE_BYTES:])
            self.objects[key] = value
        return value

    def peek(self, key: str) -> T | None:
        """The value; where it is not an object, a copy of it."""
        value = self.objects.get(key) or self._still.get(key)
        if value is None:
            body = self._shelf.get(key)
            return None if body is None else self._decode(body[DUE_BYTES:])
        return value

    def put(self, key: str, value: T) -> None:
        """Set a value."""
        if not self._has(key):
            self._count += 1
        self._still.pop(key, None)
        self.objects[key] = value

    def drop(self, key: str) -> None:
        """Forget a value."""
        if self._has(key):
            self._count -= 1
            self.objects.pop(key, None)
            self._still.pop(key, None)
            self._shelf.delete(key)

    def _has(self, key: str) -> bool:
        return key in self.objects or key in self._still or self._shelf.get(key) is not None

    def write(self) -> None:
        """Put on the shelf what was touched since last time; it goes on to be held."""
        if self._told != self._count:
            self._told = self._count
            self._shelf.put(_COUNT, b"%d" % self._count)
        if not self.objects:
            return
        put, encode, due_ms = self._shelf.put, self._encode, self._due_ms
        for key, value in self.objects.items():
            put(key, due_ms(value).to_bytes(DUE_BYTES, "little", signed=True) + encode(value))
        self._still.update(self.objects)
        self.objects = {}

    def cool(self) -> None:
        """Let go of the objects beyond the limit, those untouched for longest first."""
        if len(self.objects) + len(self._still) <= self._objects_max * 5 // 4:
            return
        if len(self.objects) > self._objects_max // 2:
            self.write()
        surplus = len(self.objects) + len(self._still) - self._objects_max
        if 2 * surplus > len(self._still):
            # A dict that things are only taken out of keeps the memory of its best days.
            self._still = dict(islice(self._still.items(), max(surplus, 0), None))
            return
        for key in list(islice(self._still, surplus)):
            del self._still[key]

    def due(self, clock_ms: int) -> list[str]:
        """Of the next page of keys those to be looked at, as of a clock (ms).

        All come by in turn; a look at all of them at once would read the whole shelf.
        """
        page = list(islice(self._shelf.items(self._looked), self._page))
        self._looked = page[-1][0] if len(page) == self._page else ""
        return [
            key
            for key, body in page
            if int.from_bytes(body[:DUE_BYTES], "little", signed=True) < clock_ms
        ]

    def pack(self) -> dict[str, bytes]:
        """Nothing: all values are on the shelf."""
        self.write()
        return {}

    def restore(self, bodies: dict[str, bytes]) -> None:
        """Take values that came with a snapshot beside those on the shelf; all are due then."""
        due = (-1 << 63).to_bytes(DUE_BYTES, "little", signed=True)
        for key, body in bodies.items():
            self._count += self._shelf.get(key) is None
            self._shelf.put(key, due + body)
