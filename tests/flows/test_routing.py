"""Keys go where the engine sends them, and any usual number of workers gets as many shards each."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.outputs import StatefulSinkPartition
from bytewax.testing import TestingSink, TestingSource, cluster_main

from flows.routing import LEARN, known_place_of, shard_names, siphash13, worker_names, worker_of
from sinks.adapters import DeliverSink
from sinks.settings import RedisSettings


@pytest.mark.parametrize("shards", [12, 24, 48, 60])
@pytest.mark.parametrize("workers", [1, 2, 3, 4, 6, 12])
def test_shards_are_shared_out_equally(shards: int, workers: int):
    counted = Counter(worker_of(name, workers) for name in shard_names(shards))
    assert set(counted.values()) == {shards // workers}


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_no_worker_has_more_than_one_shard_above_another(workers: int):
    counted = Counter(worker_of(name, workers) for name in shard_names(64))
    assert len(counted) == workers
    assert max(counted.values()) - min(counted.values()) <= 1


def test_names_stay_what_they_are():
    assert shard_names(3) == shard_names(64)[:3]
    assert len(set(shard_names(64))) == 64
    # The reference's own vector, of SipHash-1-3 under a zero key.
    assert siphash13(b"") == 0xD1FBA762150C532C


@pytest.mark.parametrize("workers", [2, 3])
def test_the_engine_sends_them_there(workers: int):
    names = shard_names(12) + worker_names(workers)
    seen: dict[str, int] = {}

    def see(step: str, item: tuple[str, Any], epoch: int, worker: int) -> None:
        seen[item[0]] = worker

    flow = Dataflow("routing")
    stream = op.input("names", flow, TestingSource([(name, 1) for name in names]))
    kept = op.stateful_map("kept", stream, lambda state, value: (state, value))
    looked = op.inspect_debug("looked", kept, see)
    op.output("out", looked, TestingSink([]))
    cluster_main(flow, [], 0, worker_count_per_proc=workers)
    assert seen == {name: worker_of(name, workers) for name in names}
    assert [seen[name] for name in worker_names(workers)] == list(range(workers))


class _Workers(StatefulSinkPartition[tuple[str, int], None]):
    """Notes the source of each item, the worker that made it, and the one that writes it."""

    def __init__(self, seen: list[tuple[str, int, int]]) -> None:
        self._seen = seen

    def write_batch(self, values: list[tuple[str, int]]) -> None:
        self._seen += [(*value, threading.get_ident()) for value in values]

    def snapshot(self) -> None:
        """Nothing is kept."""


class _Delivered(DeliverSink):
    """The real sink's partitions, which note alone."""

    def __init__(self, parts: int, seen: list[tuple[str, int, int]]) -> None:
        def never(*_: Any) -> Any:
            raise AssertionError

        super().__init__(parts, never, 0, RedisSettings(), place_of=known_place_of)
        self._seen = seen

    def build_part(self, step_id: str, for_part: str, resume_state: Any) -> Any:
        return _Workers(self._seen)


@pytest.mark.parametrize("workers", [2, 3])
def test_what_a_step_delivers_is_written_where_it_was_made(workers: int):
    names = [*shard_names(12), LEARN, "catalogue"]
    seen: list[tuple[str, int, int]] = []
    flow = Dataflow("delivery")
    stream = op.input("names", flow, TestingSource([(name, name) for name in names]))
    made = op.stateful_map(
        "made", stream, lambda state, name: (state, (name, threading.get_ident()))
    )
    op.output("out", made, _Delivered(workers, seen))
    cluster_main(flow, [], 0, worker_count_per_proc=workers)
    assert sorted(name for name, _, _ in seen) == sorted(names)
    assert all(making == writing for _, making, writing in seen)
    assert len({writing for _, _, writing in seen}) == workers
