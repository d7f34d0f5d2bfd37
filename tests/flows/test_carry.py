"""Rounds reach the shards of all processes whole and in order, one message a process."""

import pickle

import pytest

from features.rows import Rows
from flows.carry import Carriage, CarryStep
from flows.routing import shard_names, worker_names, worker_of
from flows.runtime import Runtime
from flows.settings import Settings

NAMES = shard_names(Settings().flow.shards)


def taken(names, shards):
    """A round, here the numbers of its shards, as their items."""
    assert list(names) == NAMES
    for place, shard in enumerate(shards):
        yield names[shard], Rows(shard, place, 0, 0)


def placed(items):
    return [(name, item.shard, item.round) for name, item in items]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("shards", [[], [5], [63, 0, 5, 0, 17], list(range(64))])
def test_each_process_gets_the_items_of_its_shards_at_once_and_in_order(workers, shards):
    carriage = Carriage(Runtime(Settings(), workers=workers), taken)
    loads = carriage.load(shards)
    assert len({worker for worker, _ in loads}) == len(loads)
    arrived = []
    for worker, carried in loads:
        number = worker_names(workers).index(worker)
        over = pickle.loads(pickle.dumps(carried))
        items = carriage.unload((worker, item) for item in CarryStep(None).take([over]))
        assert all(worker_of(name, workers) == number for name, _ in items)
        rounds = [item.round for _, item in items]
        assert rounds == sorted(rounds)
        arrived += placed(items)
    expected = [(NAMES[shard], shard, place) for place, shard in enumerate(shards)]
    assert sorted(arrived, key=lambda one: one[2]) == expected
