"""The ways in which a line can be broken, each of them something that a reader must survive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from simulator.dice import Dice

_IDS = ("user_id", "device_id", "nickname", "platform")


def _cut(line: bytes, dice: Dice) -> bytes:
    return line[: int(len(line) * dice.between(0.2, 0.95))]


def _nan(line: bytes, dice: Dice) -> bytes:
    time = str(orjson.loads(line)["event_time_ms"]).encode()
    return line.replace(b'"event_time_ms":' + time, b'"event_time_ms":NaN')


def _bad_utf8(line: bytes, dice: Dice) -> bytes:
    return line.replace(b'"event_id":"', b'"event_id":"\xff\xfe', 1)


def _not_object(line: bytes, dice: Dice) -> bytes:
    return dice.pick((b"null", b"[1,2]", b'"click"', b"7"))


def _with(**values: Any) -> Callable[[bytes, Dice], bytes]:
    """Some fields replaced."""

    def broken(line: bytes, dice: Dice) -> bytes:
        return orjson.dumps(orjson.loads(line) | values)

    return broken


def _without(*names: str) -> Callable[[bytes, Dice], bytes]:
    """Some fields left out."""

    def broken(line: bytes, dice: Dice) -> bytes:
        event = orjson.loads(line)
        return orjson.dumps({name: value for name, value in event.items() if name not in names})

    return broken


BREAKAGES: dict[str, Callable[[bytes, Dice], bytes]] = {
    "cut": _cut,
    "nan": _nan,
    "bad_utf8": _bad_utf8,
    "not_object": _not_object,
    "wrong_type": _with(event_time_ms="yesterday"),
    "negative_time": _with(event_time_ms=-5),
    "far_future": _with(event_time_ms=7_258_118_400_000),  # the year 2200
    "unknown_kind": _with(kind="teleport"),
    "empty_id": _with(event_id=""),
    "long_id": _with(event_id="x" * 129),
    "no_event_id": _without("event_id"),
    "no_kind": _without("kind"),
    "no_person": _without(*_IDS),
}
_NAMES = tuple(BREAKAGES)


def break_line(line: bytes, dice: Dice) -> tuple[bytes, str]:
    """A broken copy of a good line, and the name of what is wrong with it."""
    name = dice.pick(_NAMES)
    return BREAKAGES[name](line, dice), name
