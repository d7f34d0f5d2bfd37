"""What crosses to another process, made bytes once though the engine asks for them twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Wrapped = tuple[Callable[..., Any], tuple[Any, ...]]
"""What makes the item again, and what it is given for that."""


class Parcel:
    """An item that says itself how it travels: `wrap`.

    Before an item is sent the engine asks how long it is, by pickling it, and then pickles it
    again. The second time it gets what was made for the first.
    """

    __slots__ = ("_wrapped",)
    _wrapped: Wrapped | None

    def wrap(self) -> Wrapped:
        """The item as bytes and plain values."""
        raise NotImplementedError

    def __reduce__(self) -> Wrapped:
        wrapped = getattr(self, "_wrapped", None)
        if wrapped is None:
            wrapped = self._wrapped = self.wrap()
        else:
            self._wrapped = None
        return wrapped
