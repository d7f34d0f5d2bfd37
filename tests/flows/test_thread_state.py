"""What a thread of the engine has in the interpreter outlasts its calls, once it is held on to."""

from __future__ import annotations

import threading

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, cluster_main

from flows.routing import worker_names
from flows.thread_state import keep_thread_state

WORKERS = 2
ITEMS = 20


def test_a_thread_of_the_engine_is_known_again_at_its_next_call():
    own = threading.local()
    out: list[tuple[str, int]] = []

    def count(calls: int | None, item: int) -> tuple[int, int]:
        keep_thread_state()
        own.calls = getattr(own, "calls", 0) + 1
        return (calls or 0) + 1, own.calls

    flow = Dataflow("threads")
    names = worker_names(WORKERS)
    items = [(name, number) for number in range(ITEMS) for name in names]
    stream = op.input("items", flow, TestingSource(items, batch_size=1))
    op.output("out", op.stateful_map("counted", stream, count), TestingSink(out))
    cluster_main(flow, [], 0, worker_count_per_proc=WORKERS)
    for name in names:
        assert [calls for key, calls in out if key == name] == list(range(1, ITEMS + 1))
    assert not hasattr(own, "calls"), "the test's own thread made none"
