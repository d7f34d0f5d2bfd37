"""What was shrunk inflates to itself, whichever dictionary was in force then."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from features.shrink import _DICTIONARIES_MAX, _SAMPLES, Shrink

PHRASES = [f"room {number} of host {number * 7919} is live".encode() for number in range(100)]


def body(dice: random.Random) -> bytes:
    """Bytes with little in common within themselves, and much with each other."""
    return b"|".join(dice.sample(PHRASES, 8))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=50), st.integers(0, 10**6))
def test_shrunk_bytes_inflate_to_themselves(bodies: list[bytes], seed: int):
    dice, shrink = random.Random(seed), Shrink()
    bodies += [body(dice) for _ in range(2 * _SAMPLES)]
    dice.shuffle(bodies)
    shrunk = [shrink.shrink(one) for one in bodies]
    assert [bytes(shrink.inflate(one)) for one in shrunk] == bodies
    assert [bytes(shrink.inflate(b"head" + one, 4)) for one in shrunk] == bodies


def test_a_dictionary_makes_less_of_what_many_share():
    dice, shrink = random.Random(5), Shrink()
    before = [len(shrink.shrink(body(dice))) for _ in range(_SAMPLES)]
    after = [len(shrink.shrink(body(dice))) for _ in range(_SAMPLES)]
    assert sum(after) < 0.8 * sum(before)


def test_what_is_short_is_left_as_it_is():
    assert len(Shrink().shrink(b"short" * 10)) == 51


def test_dictionaries_are_renewed_and_bounded():
    dice, shrink = random.Random(5), Shrink()
    shrink._every = 1
    for _ in range(2 * _DICTIONARIES_MAX * _SAMPLES):
        shrunk = shrink.shrink(one := body(dice))
        shrink._every = min(shrink._every, 1)  # as if much more had been seen
        assert bytes(shrink.inflate(shrunk)) == one
    assert len(shrink._inflate) == _DICTIONARIES_MAX + 1


def test_samples_without_anything_in_common_do_no_harm():
    shrink, same = Shrink(), b"\x00" * 200
    for _ in range(2 * _SAMPLES):
        assert bytes(shrink.inflate(shrink.shrink(same))) == same
