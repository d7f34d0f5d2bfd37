"""Keys go where the engine sends them, and any usual number of workers gets as many shards each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, cluster_main

from flows.routing import shard_names, siphash13, worker_names, worker_of


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
