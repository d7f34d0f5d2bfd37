"""The ladder of tiles equals the windows' definition, in any order, across silence and storage."""

from __future__ import annotations

import random

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.ladder import WINDOWS, Ladder
from features.tags_value import tags_value
from features.user import new_user
from sinks.ageing import aged

MINUTE_MS, DAY_MS = 60_000, 86_400_000
START_MS = 1_767_225_600_000
TILE_AND_WINDOW_MIN = ((1, 10), (6, 60), (144, 1_440), (1_008, 10_080))

Signal = tuple[int, str, int]
"""Time in ms, tag, thousandths."""


def naive_windows(signals: list[Signal], at_ms: int) -> dict[str, tuple[int, ...]]:
    """A window at t: the sum over every tile whose end is after t - W, and nothing after t."""
    weights: dict[str, list[int]] = {}
    for time_ms, tag, thousandths in signals:
        sums = weights.setdefault(tag, [0, 0, 0, 0])
        for place, (tile_min, window_min) in enumerate(TILE_AND_WINDOW_MIN):
            tile_ms = tile_min * MINUTE_MS
            end_ms = (time_ms // tile_ms + 1) * tile_ms
            if time_ms <= at_ms and end_ms > at_ms - window_min * MINUTE_MS:
                sums[place] += thousandths
    return {tag: tuple(sums) for tag, sums in weights.items() if any(sums)}


def filled(signals: list[Signal]) -> Ladder:
    ladder = Ladder()
    for time_ms, tag, thousandths in signals:
        ladder.add(time_ms, [tag], thousandths)
    return ladder


def weights(ladder: Ladder, at_ms: int) -> dict[str, tuple[int, ...]]:
    """Tags whose signals cancel out weigh nothing, whether they are still held or not."""
    return {tag: sums for tag, sums in ladder.weights_at(at_ms).items() if any(sums)}


_edges_min = st.sampled_from([0, 1, 9, 10, 11, 59, 60, 66, 144, 1_440, 1_584, 10_080, 11_088])
_times = st.builds(
    lambda edge, minutes, ms: START_MS + (edge + minutes) * MINUTE_MS + ms,
    *(_edges_min, st.integers(-12, 12), st.sampled_from([0, 1, 30_000, 59_999])),
) | st.integers(START_MS, START_MS + 9 * DAY_MS)
_amounts = st.sampled_from([1, 500, 1_000, 6_000, -1_000, -6_000])
_signals = st.lists(st.tuples(_times, st.sampled_from("abc"), _amounts), min_size=1, max_size=40)
_silences = (
    st.sampled_from([0, 1, MINUTE_MS]) | st.integers(0, 2 * 3_600_000) | st.integers(0, 20 * DAY_MS)
)


@settings(max_examples=150, deadline=None)
@given(_signals, _silences)
def test_weights_are_those_of_the_definition_at_any_later_time(signals: list[Signal], silence: int):
    ladder = filled(signals)
    at_ms = max(time_ms for time_ms, _, _ in signals) + silence
    before = msgspec.msgpack.encode(ladder)
    assert weights(ladder, at_ms) == naive_windows(signals, at_ms)
    assert msgspec.msgpack.encode(ladder) == before


@settings(max_examples=100, deadline=None)
@given(_signals, st.integers(0, 1000))
def test_the_order_of_arrival_does_not_matter(signals: list[Signal], seed: int):
    shuffled = signals[:]
    random.Random(seed).shuffle(shuffled)
    one, other = filled(signals), filled(shuffled)
    assert one.newest_ms == other.newest_ms
    assert one.tags == other.tags


@settings(max_examples=80, deadline=None)
@given(_signals)
def test_every_step_on_the_way_is_exact_too(signals: list[Signal]):
    ladder, seen = Ladder(), []
    for time_ms, tag, thousandths in signals:
        taken = ladder.add(time_ms, [tag], thousandths)
        seen.append((time_ms, tag, thousandths))
        assert taken == bool(naive_windows([(time_ms, tag, 1)], ladder.newest_ms))
        assert weights(ladder, ladder.newest_ms) == naive_windows(seen, ladder.newest_ms)


@settings(max_examples=80, deadline=None)
@given(_signals, _silences)
def test_a_reader_who_comes_later_ages_the_stored_value_alike(signals: list[Signal], silence: int):
    user = new_user(START_MS)
    user.ladder = filled(signals)
    user.signals = len(signals)
    version, body = tags_value(user)
    value = orjson.loads(body)
    as_of_ms = value["as_of_ms"]
    assert body.startswith(b'{"v":1,"version":%d,"as_of_ms":%d,' % (version, as_of_ms))
    assert (version, as_of_ms) == (START_MS + len(signals), user.ladder.newest_ms)
    assert value["windows"] == list(WINDOWS)
    for now_ms in (as_of_ms, as_of_ms + silence):
        read = aged(value["tiles"], as_of_ms, now_ms)
        expected = naive_windows(signals, now_ms)
        assert {
            tag: tuple(round(unit * 1000) for unit in units)
            for tag, units in read.items()
            if any(units)
        } == expected
    stored = {tag: tuple(units) for tag, units in value["weights"].items() if any(units)}
    expected = naive_windows(signals, as_of_ms)
    assert stored == {tag: tuple(w / 1000 for w in sums) for tag, sums in expected.items()}


@settings(max_examples=80, deadline=None)
@given(_signals, st.integers(0, 40))
def test_a_stored_ladder_goes_on_as_if_nothing_had_been(signals: list[Signal], cut: int):
    begun = filled(signals[:cut])
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(begun), type=Ladder)
    for ladder in (begun, stored):
        for time_ms, tag, thousandths in signals[cut:]:
            ladder.add(time_ms, [tag], thousandths)
    assert begun == stored


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 540), st.integers(0, 59_999))
def test_k_clicks_sent_are_k_clicks_visible(clicks: int, spread_s: int, offset_ms: int):
    ladder = Ladder()
    for number in range(clicks):
        time_ms = START_MS + offset_ms + number * spread_s * 1000 // clicks
        assert ladder.add(time_ms, ["tea", "silk"], 1_000)
    now = (clicks * 1_000,) * 4
    assert ladder.weights_at(ladder.newest_ms) == {"tea": now, "silk": now}


def test_space_is_bounded_by_eleven_tiles_a_level():
    ladder = Ladder()
    for minute in range(0, 12 * 1440):
        ladder.add(START_MS + minute * MINUTE_MS, ["tea"], 1_000)
        assert len(ladder.tags["tea"].tiles) <= 44
    assert set(ladder.tags["tea"].tiles.values()) >= {1_000, 6_000, 144_000, 1_008_000}


def test_a_tag_whose_last_tile_leaves_is_let_go():
    ladder = filled([(START_MS, "old", 1_000), (START_MS + 12 * DAY_MS, "new", 1_000)])
    assert list(ladder.tags) == ["new"]
    assert not ladder.add(START_MS, ["old"], 1_000)


@settings(max_examples=50, deadline=None)
@given(_signals, st.integers(0, 4))
def test_the_weakest_tags_are_dropped_and_ties_are_settled(signals: list[Signal], tags_max: int):
    ladder = filled(signals)
    held = {tag: abs(sums[3]) for tag, sums in ladder.weights_at(ladder.newest_ms).items()}
    ranked = sorted(held, key=lambda tag: (held[tag], tag))
    excess = max(0, len(ranked) - tags_max)
    assert ladder.drop_weakest(tags_max) == excess
    assert set(ladder.tags) == set(ranked[excess:])


@pytest.mark.parametrize(("tile_min", "window_min"), TILE_AND_WINDOW_MIN)
def test_a_tile_leaves_its_window_when_its_end_is_a_window_ago(tile_min: int, window_min: int):
    place = [window for _, window in TILE_AND_WINDOW_MIN].index(window_min)
    tile_ms = tile_min * MINUTE_MS
    start_ms = START_MS // tile_ms * tile_ms
    ladder = filled([(start_ms + 1, "tea", 1_000)])
    leaves_ms = start_ms + tile_ms + window_min * MINUTE_MS
    assert ladder.weights_at(leaves_ms - 1)["tea"][place] == 1_000
    assert ladder.weights_at(leaves_ms).get("tea", (0, 0, 0, 0))[place] == 0
