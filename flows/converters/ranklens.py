"""RankLens: films shown in lists, and clicks on them, as rooms, impressions and clicks.

The source has one JSON object a line in Metarank's event format, of three kinds: `item` (a film
with its fields), `ranking` (a list as it was shown) and `interaction` (a click). A film becomes a
room that is live from its own time on, hosted by its director; its genres, keywords, actors and
director become tags; every field but genres and keywords becomes an attribute of the same name.
The relevance that a ranking carries is a constant and is left out.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from events.kinds import Click, Event, Impression, Room

TAG_PREFIXES = {"genres": "genre", "tags": "tag", "actors": "actor", "director": "director"}
"""The fields of a film that become tags, with what stands before the colon."""

_NO_ATTRIBUTE = ("genres", "tags")


class _Field(msgspec.Struct):
    name: str
    value: float | str | list[str]


class _Item(msgspec.Struct, tag_field="event", tag="item"):
    id: str
    item: str
    timestamp: str
    fields: list[_Field]


class _Shown(msgspec.Struct):
    id: str


class _Ranking(msgspec.Struct, tag_field="event", tag="ranking"):
    id: str
    user: str
    timestamp: str
    items: list[_Shown]


class _Interaction(msgspec.Struct, tag_field="event", tag="interaction"):
    id: str
    user: str
    timestamp: str
    ranking: str
    item: str
    type: Literal["click"]


_Source: TypeAlias = _Item | _Ranking | _Interaction

_DECODER = msgspec.json.Decoder(_Source)


def read(row: bytes) -> tuple[str, list[Event]]:
    """The kind of a source row and its events, in order.

    Raises msgspec.MsgspecError or ValueError for a row that is none of the three kinds.
    """
    source = _DECODER.decode(row)
    time_ms = _time_ms(source.timestamp)
    if isinstance(source, _Item):
        return "item", [_room(source, time_ms)]
    if isinstance(source, _Ranking):
        return "ranking", _impressions(source, time_ms)
    click = Click(
        event_id=source.id,
        event_time_ms=time_ms,
        user_id=source.user,
        room_id=source.item,
        request_id=source.ranking,
    )
    return "interaction", [click]


def _time_ms(timestamp: str) -> int:
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise ValueError(f"`timestamp` must be whole milliseconds as a string, is {timestamp!r}")
    return int(timestamp)


def _room(source: _Item, time_ms: int) -> Room:
    fields = {field.name: field.value for field in source.fields}
    if len(fields) < len(source.fields):
        raise ValueError("`fields` has a name twice")
    title = fields.get("title", source.item)
    if not isinstance(title, str):
        raise ValueError("`title` must be a string")
    director = fields.get("director", "unknown")
    if not isinstance(director, str):
        raise ValueError("`director` must be a string")
    return Room(
        event_id=source.id,
        event_time_ms=time_ms,
        room_id=source.item,
        host_id=f"studio:{director}",
        title=title,
        tags=_tags(fields),
        status="live",
        start_time_ms=time_ms,
        products=[],
        attributes={name: value for name, value in fields.items() if name not in _NO_ATTRIBUTE},
    )


def _tags(fields: dict[str, float | str | list[str]]) -> list[str]:
    """The tags of a film, each once, in the order of `TAG_PREFIXES` and then of the source."""
    tags: dict[str, None] = {}
    for name, prefix in TAG_PREFIXES.items():
        value = fields.get(name, [])
        if isinstance(value, float):
            raise ValueError(f"`{name}` must be a string or a list of strings")
        for text in [value] if isinstance(value, str) else value:
            tags[f"{prefix}:{text}"] = None
    return list(tags)


def _impressions(source: _Ranking, time_ms: int) -> list[Event]:
    return [
        Impression(
            event_id=f"{source.id}:{position}",
            event_time_ms=time_ms,
            user_id=source.user,
            request_id=source.id,
            room_id=shown.id,
            position=position,
            surface="list",
        )
        for position, shown in enumerate(source.items)
    ]
