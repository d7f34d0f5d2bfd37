"""The window jobs' own sums: what is asked of all, the loop's, and the product's kernels alone."""

from __future__ import annotations

import itertools

import msgspec
import orjson
import pytest

from bench.soak import Sample, growth
from bench.windows import Judge, Wrong
from bench.windows_loop import windows
from bench.windows_shard import WindowsStep
from bench.windows_traffic import (
    CATALOGUE,
    HOP_MS,
    PRODUCTS,
    WINDOW_MS,
    begin_ms,
    events,
    hopping,
    messages,
    newest,
)
from decisions.outputs import Delivery
from events.hashing import hash64
from events.kinds import Event
from features.catalogue import Entry
from features.rows import Rows
from flows.live_messages import Arrival
from flows.live_runtime import LiveRuntime
from flows.settings import Settings

START_MS = begin_ms(1_767_225_600_000)
COUNT, USERS = 2_000, 20
PART = "commerce/0"


def made():
    return events(COUNT, USERS, START_MS)


def test_a_window_has_the_events_of_its_hour_and_no_others():
    found, rows = hopping(made()), list(made())
    for (user, start_ms), sums in itertools.islice(found.items(), 0, None, 37):
        own = [
            row
            for row in rows
            if row["user_id"] == user and start_ms <= row["event_time_ms"] < start_ms + WINDOW_MS
        ]
        assert own
        for tag in {row["tag"] for row in own} | set(sums):
            assert sums[tag] == sum(row["units"] for row in own if row["tag"] == tag)
        assert start_ms % HOP_MS == 0


def test_tiles_give_the_same_windows():
    tiles = {}
    for row in made():
        own = tiles.setdefault(row["user_id"], {})
        place = row["tag"], row["event_time_ms"] // HOP_MS
        own[place] = own.get(place, 0.0) + row["units"]
    found = {(user, start): sums for user in tiles for start, sums in windows(tiles[user]).items()}
    assert found == hopping(made())


def test_the_products_windows_alone_give_the_exact_sums():
    runtime = LiveRuntime(Settings(), [PART], now=lambda: START_MS)
    decode = msgspec.json.Decoder(Event).decode
    rows = Rows(0, 0, 0, PRODUCTS)
    for place, (topic, _, value, _) in enumerate(messages(COUNT, USERS, START_MS, "")):
        event = decode(value)
        if topic == CATALOGUE:
            runtime.catalogue.apply(Entry(place + 1, START_MS, event))
        else:
            rows.clock_ms = event.event_time_ms
            row = (event, event.user_id, place, hash64(event.event_id), rows.clock_ms, PRODUCTS)
            rows.rows.append(row)
    step = WindowsStep(runtime, None)
    outputs = list(step.take([Arrival(PART, 1, rows.clock_ms, rows)]))
    (delivery,) = [one for one in outputs if isinstance(one, Delivery)]
    found = {}
    for write in delivery.writes:
        weights = orjson.loads(write.body)["weights"]
        found[write.user_id] = {tag: row[1] for tag, row in weights.items() if row[1]}
    assert found == newest(made(), 360_000, 11)


class Stored:
    """As much of a Redis client as the judge asks."""

    def __init__(self, values):
        self.values = values

    def scan_iter(self, pattern, count, kind):
        return [key.encode() for key in self.values] if kind == "string" else []

    def get(self, key):
        return orjson.dumps(self.values[key.decode()])


def test_the_judge_finds_one_wrong_sum_and_a_window_that_is_missing():
    judge = Judge(made)
    values = {f"w:{user}:{start}": sums for (user, start), sums in hopping(made()).items()}
    assert judge.check("loop", Stored(values)) == f"{len(values):,} windows compared, all exact"
    key, sums = values.popitem()
    with pytest.raises(Wrong, match="windows"):
        judge.check("loop", Stored(values))
    assert judge.check("bytewax", Stored(values)).startswith("1 of ")
    tag = next(iter(sums))
    values[key] = {**sums, tag: sums[tag] + 0.5}
    with pytest.raises(Wrong, match=tag):
        judge.check("loop", Stored(values))


def test_growth_leaves_out_the_warm_up():
    cold = [Sample(float(at_s), 10.0 * at_s) for at_s in range(30)]
    warm = [Sample(float(at_s), 200.0 + (at_s >= 80) * 10.0) for at_s in range(30, 100)]
    assert growth(cold + warm).median == pytest.approx(1.05)
