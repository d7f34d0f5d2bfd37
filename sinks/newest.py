"""Of the values that stand under one key, the newest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from decisions.outputs import CardWrite, RoomWrite, Write

Value = Write | RoomWrite | CardWrite
"""What Redis takes only when its version is larger."""

V = TypeVar("V", Value, RoomWrite)

_VERSION: Final = re.compile(rb'^(\{"v":\d+,"version":)\d+')


def newest_of(values: Iterable[tuple[str, V]]) -> dict[str, V]:
    """The newest version of each key, in the order of first appearance."""
    newest: dict[str, V] = {}
    for key, value in values:
        other = newest.get(key)
        if other is None or other.version < value.version:
            newest[key] = value
    return newest


def with_version(value: Value, version: int) -> Value:
    """The same value, as if it had been made with another version."""
    body = _VERSION.sub(rb"\g<1>%d" % version, value.body, count=1)
    return msgspec.structs.replace(value, version=version, body=body)
