"""Stored values as readers see them: decoded at once into what is asked for, refused if unknown."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, Final, Protocol, TypeVar

import msgspec

from decisions.outputs import LAYOUT
from sinks.phrases import render


class UnknownLayout(Exception):
    """A value in Redis is not of the layout that this reader knows; the message names the key."""


class Reason(msgspec.Struct, frozen=True, gc=False):
    """A code with its arguments."""

    code: str
    args: tuple[Any, ...]

    @property
    def zh(self) -> str:
        """The reason in Chinese."""
        return render(self.code, self.args, "zh")

    @property
    def en(self) -> str:
        """The reason in English."""
        return render(self.code, self.args, "en")


class Item(msgspec.Struct, frozen=True, gc=False):
    """One place of a list; its reasons, the weightiest first."""

    room_id: str
    score: float
    source: str
    reasons: tuple[Reason, ...]
    propensity: float | None


class Place(msgspec.Struct, frozen=True, gc=False):
    """One place of a list as it is stored: its reasons by their place in the list's legend."""

    room_id: str
    score: float
    source: str
    propensity: float | None = None
    reasons: list[int] = []


class Tags(msgspec.Struct, frozen=True, gc=False):
    """What ageing needs of a user's tags."""

    v: int = 0
    version: int = 0
    as_of_ms: int = 0
    tiles: dict[str, list[int]] = {}


class Recs(msgspec.Struct, frozen=True, gc=False):
    """A user's list."""

    v: int = 0
    version: int = 0
    request_id: str = ""
    model: str = ""
    reasons: list[list[Any]] = []
    items: list[Place] = []

    def shown(self, rooms: Container[str]) -> list[Item]:
        """The places whose rooms are among those."""
        legend = reasons_of(self.reasons)
        return [
            Item(
                place.room_id,
                place.score,
                place.source,
                tuple([legend[number] for number in place.reasons]),
                place.propensity,
            )
            for place in self.items
            if place.room_id in rooms
        ]


class _Versioned(Protocol):
    """A value of this layout."""

    @property
    def v(self) -> int:
        """Its number."""


_Value = TypeVar("_Value", bound=_Versioned)
_NO_TAGS: Final = Tags()
_NO_RECS: Final = Recs()
_TAGS: Final = msgspec.json.Decoder(Tags)
_RECS: Final = msgspec.json.Decoder(Recs)
_ANY: Final = msgspec.json.Decoder(dict[str, Any])


def tags_of(key: str, body: bytes | None) -> Tags:
    """A user's tags; empty where nothing is stored."""
    return _NO_TAGS if body is None else decoded(_TAGS, key, body)


def recs_of(key: str, body: bytes | None) -> Recs:
    """A user's list; empty where nothing is stored."""
    return _NO_RECS if body is None else decoded(_RECS, key, body)


def value_of(key: str, body: bytes | None) -> dict[str, Any]:
    """Any value with all its fields; empty where nothing is stored."""
    if body is None:
        return {}
    try:
        value = _ANY.decode(body)
    except msgspec.DecodeError as error:
        raise UnknownLayout(f"{key} is not JSON ({error}): something else wrote there") from None
    _check(key, value.get("v"))
    return value


def reasons_of(told: Iterable[Sequence[Any]]) -> tuple[Reason, ...]:
    """Reasons whose arguments follow the code, or are a list behind it."""
    reasons = []
    for code, *args in told:
        if len(args) == 1 and isinstance(args[0], list):
            args = args[0]
        reasons.append(Reason(code, tuple(args)))
    return tuple(reasons)


def decoded(decoder: msgspec.json.Decoder[_Value], key: str, body: bytes) -> _Value:
    """A value with the fields that a reader needs; `UnknownLayout` for what is none."""
    try:
        value = decoder.decode(body)
    except msgspec.DecodeError as error:
        value_of(key, body)  # which tells another layout, and what is no JSON at all
        raise UnknownLayout(f"{key}: {error}: something else wrote there") from None
    _check(key, value.v)
    return value


def _check(key: str, layout: Any) -> None:
    if layout != LAYOUT:
        raise UnknownLayout(
            f"{key} has layout v={layout}, this reader knows v={LAYOUT}: "
            "use the reader that came with the program that writes there"
        )
