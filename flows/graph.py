"""The dataflow: collect → observe → learn → decide → deliver, as one graph.

Step ids are part of the stored format: a renamed step starts from empty state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import Source
from bytewax.operators import KeyedStream
from bytewax.outputs import Sink

from decisions.outputs import Delivery
from features.observed import Observed
from features.rows import Rows
from flows.carry import Carriage, CarryStep
from flows.faults import noted
from flows.messages import (
    CatalogueUpdate,
    Learnable,
    NeighbourTables,
    Report,
    RoomTables,
    SegmentTables,
    Tick,
    Weights,
)
from flows.routing import LEARN, worker_names
from flows.runtime import Runtime
from flows.shape import RECORDED, Shape
from flows.step import Step
from flows.steps import ShareStep
from flows.thread_state import keep_thread_state

Keyed = KeyedStream[Any]


def build(
    runtime: Runtime,
    source: Source[Any],
    deliver: Sink[Any],
    dead_letters: Sink[Any],
    reports: Sink[Any],
    shape: Shape = RECORDED,
) -> Dataflow:
    """The graph; every process of a run builds the same. `shape` is what a live run does apart."""
    names = runtime.shard_names
    flow = Dataflow("liveloom")
    splits = op.input("log", flow, source)

    # COLLECT: each part of a round to the step that needs it.
    catalogue = _step(
        "catalogue", _spread("to_catalogue", splits, shape.catalogue), shape.catalogue_step, runtime
    )
    rooms = _step("rooms", _spread("to_rooms", splits, shape.rooms), shape.rooms_step, runtime)
    neighbours = _step(
        "neighbours",
        _spread("to_neighbours", splits, shape.neighbours),
        shape.neighbours_step,
        runtime,
    )
    segments = _step(
        "segments",
        _spread("to_segments", splits, shape.segments),
        shape.segments_step,
        runtime,
    )
    identity = _step(
        "identity", _spread("to_identity", splits, shape.identity), shape.identity_step, runtime
    )
    users = _to_shards(splits, runtime, shape)

    # OBSERVE: users' rows, the anonymous ones once they have a name, and word of new tables.
    identified = _pick("identified", identity, Rows, partial(_named, names, shape))
    known = op.merge(
        "known",
        _pick("catalogue_updates", catalogue, CatalogueUpdate, _same),
        _pick("room_tables", rooms, RoomTables, _same),
        _pick("neighbour_tables", neighbours, NeighbourTables, _same),
        _pick("segment_tables", segments, SegmentTables, _same),
    )
    ticks = _share("observe_shared", known, runtime, observes=True)
    observed = _step(
        "observe", op.merge("observe_in", users, identified, ticks), shape.observe_step, runtime
    )

    # LEARN.
    examples = _pick("examples", observed, Learnable, lambda item: [(LEARN, item[1])])
    learnt = _step("learn", examples, shape.learn_step, runtime)

    # DECIDE: what OBSERVE made stays with its shard; word of new weights.
    weights = _share(
        "decide_shared", _pick("weights", learnt, Weights, _same), runtime, observes=False
    )
    wishes = _pick("wishes", observed, Observed, _same)
    decided = _step("decide", op.merge("decide_in", wishes, weights), shape.decide_step, runtime)

    # DELIVER.
    made = [catalogue, observed, learnt, decided]
    deliveries = [
        _pick(f"deliveries_{place}", stream, Delivery, lambda item: [(item[1].source, item[1])])
        for place, stream in enumerate(made)
    ]
    op.output("deliver", op.merge("deliveries", *deliveries), deliver)
    op.output("dead_letters", _spread("to_dead_letters", splits, shape.letters), dead_letters)
    counting = [rooms, identity, observed, learnt, decided, neighbours, segments]
    counted = [
        _pick(f"reports_{place}", stream, Report, lambda item: [("report", item[1])])
        for place, stream in enumerate(counting)
    ]
    collected = _spread("collect_report", splits, shape.collected)
    report = _step("report", op.merge("reports", collected, *counted), shape.report_step, runtime)
    op.output("metrics", report, reports)
    return flow


def _step(step_id: str, up: Keyed, kind: type[Any], runtime: Runtime) -> Keyed:
    """A keyed step of one of our kinds."""

    @noted
    def begin(state: bytes | None) -> Step:
        keep_thread_state()
        step: Step = kind(runtime, state)
        step.snapshot = runtime.epochs.timed(step.snapshot)  # type: ignore[method-assign]
        return step

    return op.stateful_batch(step_id, up, begin)


def _spread(
    step_id: str, splits: Stream[Any], take: Callable[[Any], Iterable[tuple[str, Any]]]
) -> Keyed:
    """The keyed parts of each round."""
    return op.flat_map_batch(
        step_id, splits, lambda batch: [x for split in batch for x in take(split)]
    )


def _to_shards(splits: Stream[Any], runtime: Runtime, shape: Shape) -> Keyed:
    """Users' rows to their shards; where there are several processes, one message to each."""
    if runtime.workers == 1:
        return _spread("to_shards", splits, partial(shape.users, runtime.shard_names))
    carriage = Carriage(runtime, shape.users, shape.carried)
    carried: Keyed = op.stateful_batch(
        "carried", _spread("to_processes", splits, carriage.load), noted(CarryStep)
    )
    return op.flat_map_batch("to_shards", carried, carriage.unload)


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


def _named(names: Sequence[str], shape: Shape, item: tuple[str, Rows]) -> Iterable[tuple[str, Any]]:
    return shape.named(names, item[1])
