from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from sinks.ageing import TILE_MS, WINDOW_MS, aged

DAY_MS = 86_400_000
START_MS = 1_767_225_600_000

Signals = list[tuple[int, int]]


def naive(signals: Signals, now_ms: int) -> tuple[float, ...]:
    """The definition: a window at now holds every tile of its size that ends after now - window."""
    weights = []
    for size_ms, window_ms in zip(TILE_MS, WINDOW_MS, strict=True):
        held = [
            thousandths
            for time_ms, thousandths in signals
            if (time_ms // size_ms + 1) * size_ms > now_ms - window_ms
        ]
        weights.append(sum(held) / 1000)
    return tuple(weights)


def stored_tiles(signals: Signals, as_of_ms: int) -> list[int]:
    """Each signal on the finest level whose window still holds its tile, if any does."""
    tiles: dict[int, int] = defaultdict(int)
    for time_ms, thousandths in signals:
        for level, size_ms in enumerate(TILE_MS):
            tile = time_ms // size_ms
            if (tile + 1) * size_ms > as_of_ms - WINDOW_MS[level]:
                tiles[level * 16 + (tile & 15)] += thousandths
                break
    return [number for pair in sorted(tiles.items()) for number in pair]


times = st.integers(START_MS, START_MS + 9 * DAY_MS)
near = st.integers(-70, 70).map(lambda minutes: START_MS + 8 * DAY_MS + minutes * 60_000)
signals = st.lists(st.tuples(times | near, st.integers(-6_000, 6_000)), min_size=1, max_size=30)
silences = st.integers(0, 20 * 60_000) | st.integers(0, 3 * DAY_MS) | st.integers(0, 10 * DAY_MS)


@given(signals, silences)
def test_aged_weights_are_those_of_the_definition(signals: Signals, silence_ms: int):
    as_of_ms = max(time_ms for time_ms, _ in signals)
    now_ms = as_of_ms + silence_ms
    weights = aged({"tea": stored_tiles(signals, as_of_ms)}, as_of_ms, now_ms)
    expected = naive(signals, now_ms)
    assert weights.get("tea", (0.0, 0.0, 0.0, 0.0)) == expected


@given(signals)
def test_a_reader_whose_clock_is_behind_gets_the_weights_as_stored(signals: Signals):
    as_of_ms = max(time_ms for time_ms, _ in signals)
    tiles = {"tea": stored_tiles(signals, as_of_ms)}
    assert aged(tiles, as_of_ms, as_of_ms - 5_000) == aged(tiles, as_of_ms, as_of_ms)


def test_a_tag_with_no_tile_left_is_out_and_one_whose_sum_is_zero_is_not():
    tiles = {"old": [0, 500], "even": [5, 500, 6, -500]}
    assert aged(tiles, 6 * 60_000, 7 * 60_000) == {
        "old": (0.5, 0.5, 0.5, 0.5),
        "even": (0.0, 0.0, 0.0, 0.0),
    }
    assert aged(tiles, 6 * 60_000, 15 * DAY_MS) == {}
