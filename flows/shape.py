"""What of the graph depends on where rounds come from: how they part, and the steps they go to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from events.hashing import shard_of
from features.collect import Split
from features.rows import Rows
from flows.messages import (
    Carried,
    CatalogueUpdate,
    Identified,
    NeighbourRows,
    Report,
    RoomRows,
    SegmentRows,
)
from flows.neighbours_step import NeighboursStep
from flows.report import ReportStep
from flows.rooms_step import RoomsStep
from flows.segments_step import SegmentsStep
from flows.steps import (
    CatalogueStep,
    DecideStep,
    IdentityStep,
    LearnStep,
    ObserveStep,
)

Parts = Iterable[tuple[str, Any]]
"""Items with the keys that they go to."""


@dataclass(frozen=True)
class Shape:
    """The parts of a round, by who needs them, and the kinds of step."""

    catalogue: Callable[[Any], Parts]
    rooms: Callable[[Any], Parts]
    neighbours: Callable[[Any], Parts]
    segments: Callable[[Any], Parts]
    identity: Callable[[Any], Parts]
    users: Callable[[Sequence[str], Any], Parts]
    carried: type[Carried]
    """How what `users` gives travels to another process."""
    named: Callable[[Sequence[str], Rows], Parts]
    """Of rows that IDENTITY has named, what goes to each shard."""
    letters: Callable[[Any], Parts]
    collected: Callable[[Any], Parts]
    catalogue_step: type[Any]
    rooms_step: type[Any]
    neighbours_step: type[Any]
    segments_step: type[Any]
    identity_step: type[Any]
    observe_step: type[Any]
    learn_step: type[Any]
    decide_step: type[Any]
    report_step: type[Any]


def _catalogue(split: Split) -> Parts:
    if split.catalogue:
        yield "catalogue", CatalogueUpdate(split.catalogue)


def _rooms(split: Split) -> Parts:
    yield "rooms", RoomRows(split.rooms, split.clock_ms, split.done)


def _neighbours(split: Split) -> Parts:
    if split.audience is not None:
        yield "neighbours", NeighbourRows(split.audience, split.clock_ms, split.done)


def _segments(split: Split) -> Parts:
    if split.segments is not None:
        yield "segments", SegmentRows(split.segments, split.clock_ms, split.done)


def _identity(split: Split) -> Parts:
    if split.identity.rows or split.done:
        yield "identity", split.identity


def _users(names: Sequence[str], split: Split) -> Parts:
    return zip(names, split.shards, strict=True)


def _named(names: Sequence[str], rows: Rows) -> Parts:
    """The rows that IDENTITY has named, one part for each shard, be it empty."""
    parts = [
        Rows(shard, rows.round, rows.clock_ms, rows.seq, False, rows.done)
        for shard in range(len(names))
    ]
    for row in rows.rows:
        parts[shard_of(row[1], len(names))].rows.append(row)
    return zip(names, map(Identified, parts), strict=True)


def _letters(split: Split) -> Parts:
    if split.letters:
        encode = msgspec.json.encode
        yield (
            "letters",
            [(letter.line or 0, letter.source, encode(letter)) for letter in split.letters],
        )


def _collected(split: Split) -> Parts:
    if split.counts:
        yield "report", Report("collect", split.counts)


RECORDED = Shape(
    catalogue=_catalogue,
    rooms=_rooms,
    neighbours=_neighbours,
    segments=_segments,
    identity=_identity,
    users=_users,
    carried=Carried,
    named=_named,
    letters=_letters,
    collected=_collected,
    catalogue_step=CatalogueStep,
    rooms_step=RoomsStep,
    neighbours_step=NeighboursStep,
    segments_step=SegmentsStep,
    identity_step=IdentityStep,
    observe_step=ObserveStep,
    learn_step=LearnStep,
    decide_step=DecideStep,
    report_step=ReportStep,
)
