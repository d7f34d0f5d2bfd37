"""What a backtest's replay has left, as arrays: lists with what came of them, examples, rooms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from decisions.judged import JudgedList
from decisions.judged_more import Acted, Offered
from evaluation.arrays import Floats, Ints
from evaluation.rows import rows_by_kind
from models.judged import Judged


class RoomRow(msgspec.Struct, tag_field="row", tag="room"):
    """What the catalogue said of a room at a time."""

    version: int
    as_of_ms: int
    room_id: str
    host_id: str
    tags: list[str]
    status: str


@dataclass(frozen=True)
class Lists:
    """Lists in order of time, their items by position; ragged, list i has items
    `start[i]` to `start[i + 1]`.

    Of a list: `user` is an index into the journal's `users`; `live` counts rooms live when it was
    shown; `slate` are room indices that the policy would have served, -1 where there are fewer;
    `explored` marks slots of it that exploration drew; `best` are the policy's highest scores,
    NaN where there are fewer, and `chances` how readily exploration draws each of these rooms, 0
    where there are fewer. Of an item: `score` is NaN and `rank` -1 where the room was not
    live, `score` alone where it was kept out; `propensity` is 0 where none was logged; `engaged`
    1 or 0, and `known_ms` when the log could know so, -1 where it was not engaged with.
    """

    user: Ints
    shown_ms: Ints
    live: Ints
    slate: Ints
    explored: Ints
    best: Floats
    chances: Floats
    start: Ints
    room: Ints
    score: Floats
    rank: Ints
    propensity: Floats
    engaged: Ints
    known_ms: Ints

    def __len__(self) -> int:
        return len(self.user)

    @property
    def list_of(self) -> Ints:
        """The list of each item."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @property
    def slot(self) -> Ints:
        """The place of each item in its list, 0 first."""
        return np.arange(len(self.room)) - self.start[self.list_of]


@dataclass(frozen=True)
class Examples:
    """Labelled impressions in the order in which they were learnt; `logits` is [models, n]."""

    user: Ints
    shown_ms: Ints
    engaged: Ints
    left: Ints
    ordered: Ints
    weight: Floats
    logits: Floats
    watched: Ints

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True)
class RoomTable:
    """All rooms by index: `tags` as bits of one number a room, `changes` in order of time.

    A change is (ms, room, whether it is live from then on).
    """

    ids: tuple[str, ...]
    host: Ints
    tags: tuple[int, ...]
    changes: tuple[tuple[int, int, bool], ...]


@dataclass(frozen=True)
class Journal:
    """One policy's replay."""

    users: tuple[str, ...]
    lists: Lists
    examples: Examples
    rooms: RoomTable
    offers: tuple[Offered, ...] = ()
    acts: tuple[Acted, ...] = ()


_ROW = msgspec.json.Decoder(JudgedList | Judged | RoomRow | Offered | Acted)


def read(lines: Iterable[bytes]) -> Journal:
    """The journal of a replay's lines, which may come in any order."""
    shown: list[JudgedList]
    judged: list[Judged]
    said: list[RoomRow]
    offers: list[Offered]
    acts: list[Acted]
    shown, judged, said, offers, acts = rows_by_kind(
        lines, _ROW.decode, JudgedList, Judged, RoomRow, Offered, Acted
    )
    shown.sort(key=lambda r: (r.shown_ms, r.user_id, r.request_id, r.clock_ms, r.place))
    judged.sort(key=lambda row: (row.due_ms, row.user_id, row.event_id))
    said.sort(key=lambda row: (row.as_of_ms, row.version))
    named = ({row.user_id for row in rows} for rows in (shown, judged, offers))
    users = tuple(sorted(set().union(*named)))
    number = {user: place for place, user in enumerate(users)}
    rooms, room_number = _rooms(said, shown)
    return Journal(
        users,
        _lists(shown, judged, number, room_number),
        _examples(judged, number),
        rooms,
        tuple(offers),
        tuple(acts),
    )


def _rooms(
    said: Sequence[RoomRow], shown: Sequence[JudgedList]
) -> tuple[RoomTable, dict[str, int]]:
    number: dict[str, int] = {}
    for row in said:
        number.setdefault(row.room_id, len(number))
    for seen in shown:
        for room_id in seen.rooms:
            number.setdefault(room_id, len(number))
    hosts: dict[str, int] = {}
    bits: dict[str, int] = {}
    host = np.full(len(number), -1, dtype=np.int64)
    tags = [0] * len(number)
    changes = []
    for row in said:
        room = number[row.room_id]
        host[room] = hosts.setdefault(row.host_id, len(hosts))
        tags[room] = sum(1 << bits.setdefault(tag, len(bits)) for tag in set(row.tags))
        changes.append((row.as_of_ms, room, row.status == "live"))
    return RoomTable(tuple(number), host, tuple(tags), tuple(changes)), number


def _lists(
    shown: Sequence[JudgedList],
    judged: Sequence[Judged],
    users: dict[str, int],
    rooms: dict[str, int],
) -> Lists:
    engaged = {
        (row.user_id, row.shown_ms, row.event_id): row.due_ms for row in judged if row.engaged == 1
    }
    heads: list[JudgedList] = []
    items: list[tuple[int, int, int, float, int, float, int]] = []
    for part in shown:
        # A part from place 0 on begins a list, also where one of that name had closed before.
        if part.place == 0 or not heads:
            heads.append(part)
        for at, room_id in enumerate(part.rooms):
            score = part.scores[at]
            event_id = f"{part.request_id}/{part.place + at}"
            items.append(
                (
                    len(heads) - 1,
                    part.positions[at],
                    rooms[room_id],
                    np.nan if score is None else score,
                    part.ranks[at],
                    part.propensities[at],
                    engaged.get((part.user_id, part.shown_ms, event_id), -1),
                )
            )
    items.sort(key=lambda item: item[:2])
    start = np.searchsorted([item[0] for item in items], np.arange(len(heads) + 1)).tolist()
    columns = list(zip(*items, strict=True)) or [()] * 7
    slate = [[rooms[room_id] for room_id in row.slate] for row in heads]
    explored = [[int(slot in row.explored) for slot in range(len(row.slate))] for row in heads]
    return Lists(
        user=_ints([users[row.user_id] for row in heads]),
        shown_ms=_ints([row.shown_ms for row in heads]),
        live=_ints([row.live for row in heads]),
        slate=_padded(slate, -1).astype(np.int64),
        explored=_padded(explored, 0).astype(np.int64),
        best=_padded([row.best for row in heads], np.nan),
        chances=_padded([row.chances for row in heads], 0.0),
        start=_ints(start),
        room=_ints(columns[2]),
        score=np.array(columns[3], dtype=np.float64),
        rank=_ints(columns[4]),
        propensity=np.array(columns[5], dtype=np.float64),
        engaged=(_ints(columns[6]) >= 0).astype(np.int64),
        known_ms=_ints(columns[6]),
    )


def _examples(judged: Sequence[Judged], users: dict[str, int]) -> Examples:
    learnt = [row for row in judged if row.sampled]
    logits = [row.logits for row in learnt]
    return Examples(
        user=_ints([users[row.user_id] for row in learnt]),
        shown_ms=_ints([row.shown_ms for row in learnt]),
        engaged=_ints([row.engaged for row in learnt]),
        left=_ints([row.left for row in learnt]),
        ordered=_ints([row.ordered for row in learnt]),
        weight=np.array([row.weight for row in learnt], dtype=np.float64),
        logits=np.array(logits, dtype=np.float64).T if logits else np.zeros((0, 0)),
        watched=_ints([row.watched for row in learnt]),
    )


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _padded(rows: Sequence[Sequence[float]], filling: float) -> Floats:
    padded = np.full((len(rows), max(map(len, rows), default=0)), filling)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded
