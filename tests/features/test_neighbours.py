"""Neighbours equal sums over the whole past; bounds hold and are counted; state survives."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.errors import StateError
from features.neighbours import Neighbours, NeighbourSettings

SETTINGS = NeighbourSettings(half_life_s=100.0, recent_max=3)
_past = st.lists(
    st.tuples(st.sampled_from("uvw"), st.sampled_from("abcde"), st.floats(0.0, 300.0)), max_size=40
)
Past = list[tuple[str, str, float]]


def lived(past: Past, chosen: NeighbourSettings = SETTINGS) -> Neighbours:
    made = Neighbours(chosen)
    for user, item, time_s in past:
        made.engage(user, item, time_s)
    return made


def naive(past: Past, now_s: float) -> dict[tuple[str, str], float]:
    """Similarities by their definition, from all engagements ever."""
    recent: dict[str, list[str]] = {}
    count: dict[str, float] = {}
    pairs: dict[tuple[str, str], float] = {}
    for user, item, time_s in past:
        own = recent.setdefault(user, [])
        if item in own:
            continue
        faded = 0.5 ** ((now_s - time_s) / 100.0)
        count[item] = count.get(item, 0.0) + faded
        for place, other in enumerate(reversed(own)):
            for pair in ((item, other), (other, item)):
                pairs[pair] = pairs.get(pair, 0.0) + faded * (1 + place) ** -0.3
        own.append(item)
        del own[:-3]
    return {
        (a, b): weight / math.sqrt((count[a] + 2.0) * (count[b] + 2.0))
        for (a, b), weight in pairs.items()
    }


@settings(max_examples=80, deadline=None)
@given(_past, st.floats(300.0, 1_000.0))
def test_similarities_are_those_of_the_whole_past(past: Past, now_s: float):
    made = lived(past)
    found = {(a, b): s for a in "abcde" for b, s in made.similar(a, now_s).items()}
    assert found == pytest.approx(naive(past, now_s))
    assert all(found[a, b] == pytest.approx(found[b, a]) for a, b in found)


@settings(max_examples=30, deadline=None)
@given(_past, _past, st.floats(0.0, 1e6))
def test_reading_changes_nothing_and_state_goes_on(before: Past, after: Past, apart_s: float):
    made = lived(before)
    packed = made.snapshot()
    for item in "abcde":
        made.similar(item, apart_s)
    assert made.snapshot() == packed
    again = Neighbours(SETTINGS)
    again.restore(packed)
    for user, item, time_s in after:
        made.engage(user, item, apart_s + time_s)
        again.engage(user, item, apart_s + time_s)
    assert again.snapshot() == made.snapshot()


def test_years_later_numbers_are_still_sound():
    past: Past = [("u", "a", 0.0), ("u", "b", 1.0)]
    made = lived(past)
    later_s = 100.0 * 2_000
    assert made.similar("a", later_s)["b"] == pytest.approx(0.0, abs=1e-9)
    for user in "vw":
        made.engage(user, "a", later_s)
        made.engage(user, "b", later_s)
    assert made.similar("a", later_s) == pytest.approx({"b": 2.0 / 4.0})


def test_bounds_hold_and_what_they_drop_is_counted():
    small = dataclasses.replace(SETTINGS, neighbours_max=4, items_max=10, users_max=5, recent_max=9)
    made = lived([(f"u{n % 12}", f"i{n * 7 % 40}", float(n)) for n in range(400)], small)
    assert made.dropped > 0
    assert all(len(made.similar(f"i{n}", 400.0)) <= 4 for n in range(40))
    assert sum(bool(made.similar(f"i{n}", 400.0)) for n in range(40)) <= 10
    assert sum(bool(made.recent(f"u{n}")) for n in range(12)) <= 5


def test_damaged_bytes_have_a_name():
    packed = lived([("u", "a", 0.0)]).snapshot()
    with pytest.raises(StateError, match="item neighbours"):
        Neighbours(SETTINGS).restore(packed[:-1])
