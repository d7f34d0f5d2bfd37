"""How a live round parts: rows go where they belong, and word of the time goes to all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from events.hashing import shard_of
from features.rows import Rows
from flows.health import HealthStep
from flows.live_learn import LiveLearnStep
from flows.live_messages import Arrival, CarriedRound, CatalogueArrival, PartRound, RoomArrival
from flows.live_shards import LiveDecideStep, LiveObserveStep
from flows.live_steps import LiveCatalogueStep, LiveIdentityStep, LiveRoomsStep
from flows.live_tables import LiveNeighboursStep, LiveSegmentsStep
from flows.shape import Parts, Shape


def _catalogue(round: PartRound) -> Parts:
    entries = round.split.catalogue
    if entries or round.tick or round.complete:
        events = [entry.event for entry in entries]
        yield (
            "catalogue",
            CatalogueArrival(round.part, round.offset, round.clock_ms, events, round.complete),
        )


def _rooms(round: PartRound) -> Parts:
    if round.split.rooms or round.tells:
        yield "rooms", RoomArrival(round.part, round.offset, round.clock_ms, round.split.rooms)


def _neighbours(round: PartRound) -> Parts:
    rows = round.split.audience
    if rows is not None and (rows or round.tells):
        yield "neighbours", RoomArrival(round.part, round.offset, round.clock_ms, rows)


def _segments(round: PartRound) -> Parts:
    rows = round.split.segments
    if rows is not None and (rows or round.tells):
        yield "segments", RoomArrival(round.part, round.offset, round.clock_ms, rows)


def _identity(round: PartRound) -> Parts:
    rows = round.split.identity
    if rows.rows or round.tells:
        yield "identity", Arrival(round.part, round.offset, round.clock_ms, rows)


def _users(names: Sequence[str], round: PartRound) -> Parts:
    for rows in round.split.shards if round.is_first else round.split.touched:
        yield names[rows.shard], Arrival(round.part, round.offset, round.clock_ms, rows)
    for word in round.words:
        yield names[word.shard], word


def _named(names: Sequence[str], rows: Rows) -> Parts:
    """The rows that IDENTITY has named; they tell no partition's time."""
    parts: dict[int, Rows] = {}
    for row in rows.rows:
        shard = shard_of(row[1], len(names))
        if shard not in parts:
            parts[shard] = Rows(shard, rows.round, rows.clock_ms, rows.seq)
        parts[shard].rows.append(row)
    for shard, part in parts.items():
        yield names[shard], Arrival("", -1, rows.clock_ms, part)


def _letters(round: PartRound) -> Parts:
    if round.letters:
        encode = msgspec.json.encode
        letters = [
            (letter.offset or 0, f"{letter.source}/{letter.partition}", encode(letter))
            for letter in round.letters
        ]
        yield "letters", letters


def _collected(round: PartRound) -> Parts:
    if round.report is not None:
        yield "report", round.report


LIVE = Shape(
    catalogue=_catalogue,
    rooms=_rooms,
    neighbours=_neighbours,
    segments=_segments,
    identity=_identity,
    users=_users,
    carried=CarriedRound,
    named=_named,
    letters=_letters,
    collected=_collected,
    catalogue_step=LiveCatalogueStep,
    rooms_step=LiveRoomsStep,
    neighbours_step=LiveNeighboursStep,
    segments_step=LiveSegmentsStep,
    identity_step=LiveIdentityStep,
    observe_step=LiveObserveStep,
    learn_step=LiveLearnStep,
    decide_step=LiveDecideStep,
    report_step=HealthStep,
)
