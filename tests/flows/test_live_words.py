"""Each shard hears once a turn how far all partitions are, and hears of no row that comes later."""

from __future__ import annotations

import pickle
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from events.kinds import Click
from features.rows import Rows
from flows.live_messages import Arrival, CarriedRound, Heard, Word
from flows.live_words import Words

SHARDS, EVERY_MS, BEGIN_MS = 7, 50, 1_767_225_600_000

looks = st.lists(st.integers(0, 400), min_size=2).map(lambda ms: sorted(BEGIN_MS + m for m in ms))
heard = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(1, 9)))


@given(looks)
def test_each_shard_is_told_once_a_turn_however_often_one_looks(looks: list[int]):
    words = Words(SHARDS, EVERY_MS)
    words.note("a", 1, 2)
    assert sorted(word.shard for word in words.take(looks[0])) == list(range(SHARDS))
    told: Counter[int] = Counter()
    for before_ms, now_ms in pairwise(looks):
        due = words.are_due(now_ms)
        made = [word.shard for word in words.take(now_ms)]
        assert due == bool(made)
        assert not words.are_due(now_ms)
        # At most once for all that was missed, and nobody is left out.
        assert max(Counter(made).values(), default=1) == 1
        if now_ms - before_ms >= EVERY_MS:
            assert len(made) == SHARDS
        told.update(made)
    turns = (looks[-1] - looks[0]) / EVERY_MS
    assert all(told[shard] <= turns + 1 for shard in range(SHARDS))


def test_while_nothing_is_known_nobody_is_told():
    words = Words(SHARDS, EVERY_MS)
    assert not words.are_due(BEGIN_MS)
    assert words.take(BEGIN_MS) == []


def test_a_clock_that_was_set_back_tells_nobody_twice_and_goes_on():
    words = Words(SHARDS, EVERY_MS)
    words.note("a", 1, 2)
    words.take(BEGIN_MS)
    assert words.take(BEGIN_MS - 10 * EVERY_MS) == []
    assert len(words.take(BEGIN_MS - 9 * EVERY_MS)) == SHARDS


@given(heard)
def test_a_word_has_the_newest_of_each_partition_as_of_when_it_was_taken(heard: list[Heard]):
    words, newest = Words(SHARDS, EVERY_MS), dict[str, Heard]()
    for number, one in enumerate(heard):
        words.note(*one)
        newest[one[0]] = one
        for word in words.take(BEGIN_MS + EVERY_MS * number):
            assert sorted(word.heard) == sorted(newest.values())
            said = [(a.part, a.offset, a.clock_ms, a.first_ms) for a in word.arrivals()]
            assert said == [(part, at, ms, ms) for part, at, ms in word.heard]
            assert all(not a.rows.rows and a.shard == word.shard for a in word.arrivals())


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_arrivals_and_words_cross_to_another_process_as_they_are(
    full: set[int], empty: set[int], told: set[int]
):
    made: list[Arrival | Word] = []
    for shard in (*sorted(full), *sorted(empty - full)):
        rows = Rows(shard, 0, 8, 0)
        rows.rows = [(_click(), "u", 3, 4, 5, 0)] if shard in full else []
        made.append(Arrival("a", 7, 8, rows))
    made += [Word(shard, [("a", 7, 8), ("b", 1, 2)]) for shard in sorted(told)]
    over = pickle.loads(pickle.dumps(CarriedRound(made))).items
    assert [_plain(one) for one in over] == [_plain(one) for one in made]


def _click():
    return Click(event_id="e", event_time_ms=BEGIN_MS, user_id="u", room_id="r")


def _plain(one: Arrival | Word):
    if isinstance(one, Word):
        return one.shard, [tuple(h) for h in one.heard]
    return one.shard, one.part, one.offset, one.clock_ms, one.rows.rows
