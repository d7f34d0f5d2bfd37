"""The dataflow: collect → observe → learn → decide → deliver, as one graph.

Step ids are part of the stored format: a renamed step starts from empty state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import bytewax.operators as op
import msgspec
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import Source
from bytewax.operators import KeyedStream
from bytewax.outputs import Sink

from decisions.outputs import Delivery
from events.hashing import shard_of
from features.collect import Split
from features.observe import Observed
from features.rows import Rows
from flows.messages import (
    CatalogueUpdate,
    Identified,
    Learnable,
    Report,
    RoomTables,
    Tick,
    Weights,
)
from flows.report import ReportStep
from flows.routing import worker_names
from flows.runtime import Runtime
from flows.step import Step
from flows.steps import (
    CatalogueStep,
    DecideStep,
    IdentityStep,
    LearnStep,
    ObserveStep,
    RoomsStep,
    ShareStep,
)

Keyed = KeyedStream[Any]


def build(
    runtime: Runtime,
    source: Source[Split],
    deliver: Sink[Any],
    dead_letters: Sink[Any],
    reports: Sink[Any],
) -> Dataflow:
    """The graph; every process of a run builds the same."""
    names = runtime.shard_names
    flow = Dataflow("liveloom")
    splits = op.input("log", flow, source)

    # COLLECT: each part of a round to the step that needs it.
    catalogue = _step(
        "catalogue", _spread("to_catalogue", splits, _catalogue), CatalogueStep, runtime
    )
    rooms = _step("rooms", _spread("to_rooms", splits, _rooms), RoomsStep, runtime)
    identity = _step("identity", _spread("to_identity", splits, _identity), IdentityStep, runtime)
    users = _spread("to_shards", splits, lambda split: zip(names, split.shards, strict=True))

    # OBSERVE: users' rows, the anonymous ones once they have a name, and word of new tables.
    identified = _pick("identified", identity, Rows, partial(_by_shard, runtime=runtime))
    known = op.merge(
        "known",
        _pick("catalogue_updates", catalogue, CatalogueUpdate, _same),
        _pick("room_tables", rooms, RoomTables, _same),
    )
    ticks = _share("observe_shared", known, runtime, observes=True)
    observed = _step(
        "observe", op.merge("observe_in", users, identified, ticks), ObserveStep, runtime
    )

    # LEARN.
    examples = _pick("examples", observed, Learnable, lambda item: [("learn", item[1])])
    learnt = _step("learn", examples, LearnStep, runtime)

    # DECIDE: what OBSERVE made stays with its shard; word of new weights.
    weights = _share(
        "decide_shared", _pick("weights", learnt, Weights, _same), runtime, observes=False
    )
    wishes = _pick("wishes", observed, Observed, _same)
    decided = _step("decide", op.merge("decide_in", wishes, weights), DecideStep, runtime)

    # DELIVER.
    made = [catalogue, observed, learnt, decided]
    deliveries = [
        _pick(f"deliveries_{place}", stream, Delivery, lambda item: [(item[1].source, item[1])])
        for place, stream in enumerate(made)
    ]
    op.output("deliver", op.merge("deliveries", *deliveries), deliver)
    op.output("dead_letters", _spread("to_dead_letters", splits, _letters), dead_letters)
    counted = [
        _pick(f"reports_{place}", stream, Report, lambda item: [("report", item[1])])
        for place, stream in enumerate([rooms, identity, observed, learnt, decided])
    ]
    collected = _spread("collect_report", splits, _collected)
    report = _step("report", op.merge("reports", collected, *counted), ReportStep, runtime)
    op.output("metrics", report, reports)
    return flow


def _step(step_id: str, up: Keyed, kind: type[Any], runtime: Runtime) -> Keyed:
    """A keyed step of one of our kinds."""

    def begin(state: bytes | None) -> Step:
        step: Step = kind(runtime, state)
        return step

    return op.stateful_batch(step_id, up, begin)


def _spread(
    step_id: str, splits: Stream[Split], take: Callable[[Split], Iterable[tuple[str, Any]]]
) -> Keyed:
    """The keyed parts of each round."""
    return op.flat_map_batch(
        step_id, splits, lambda batch: [x for split in batch for x in take(split)]
    )


def _pick(
    step_id: str,
    up: Keyed,
    kind: type[Any],
    take: Callable[[tuple[str, Any]], Iterable[tuple[str, Any]]],
) -> Keyed:
    """The items of one kind, keyed anew."""
    return op.flat_map_batch(
        step_id,
        up,
        lambda batch: [x for item in batch if isinstance(item[1], kind) for x in take(item)],
    )


def _share(step_id: str, up: Keyed, runtime: Runtime, observes: bool) -> Keyed:
    """Items to every process once; what comes out are ticks for the shards that waited."""
    workers = worker_names(runtime.workers)
    everywhere: Keyed = op.flat_map_batch(
        f"{step_id}_to_workers",
        up,
        lambda batch: [(worker, item) for _, item in batch for worker in workers],
    )
    shared: Keyed = op.stateful_batch(
        step_id, everywhere, lambda state: ShareStep(runtime, observes)
    )
    names = runtime.shard_names
    return _pick(f"{step_id}_ticks", shared, Tick, lambda item: [(names[item[1].shard], item[1])])


def _same(item: tuple[str, Any]) -> Iterable[tuple[str, Any]]:
    return (item,)


def _catalogue(split: Split) -> Iterable[tuple[str, Any]]:
    if split.catalogue:
        yield "catalogue", split.catalogue


def _rooms(split: Split) -> Iterable[tuple[str, Any]]:
    yield "rooms", (split.rooms, split.clock_ms, split.done)


def _identity(split: Split) -> Iterable[tuple[str, Any]]:
    if split.identity.rows or split.done:
        yield "identity", split.identity


def _letters(split: Split) -> Iterable[tuple[str, Any]]:
    if split.letters:
        encode = msgspec.json.encode
        yield (
            "letters",
            [(letter.line or 0, letter.source, encode(letter)) for letter in split.letters],
        )


def _collected(split: Split) -> Iterable[tuple[str, Any]]:
    if split.counts:
        yield "report", Report("collect", split.counts)


def _by_shard(item: tuple[str, Rows], runtime: Runtime) -> Iterable[tuple[str, Any]]:
    """The rows that IDENTITY has named, one part for each shard, be it empty."""
    rows = item[1]
    names = runtime.shard_names
    parts = [
        Rows(shard, rows.round, rows.clock_ms, rows.seq, False, rows.done)
        for shard in range(len(names))
    ]
    for row in rows.rows:
        parts[shard_of(row[1], len(names))].rows.append(row)
    return zip(names, map(Identified, parts), strict=True)
