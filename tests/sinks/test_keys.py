from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from sinks.keys import Keys

KEYS = Keys("ll:", 4)
IDS = st.text(st.sampled_from("a{}\\:é茶\0"), min_size=1, max_size=6) | st.text(min_size=1)


@given(IDS)
def test_the_keys_of_a_user_share_a_slot(user: str):
    slots = {key_slot(KEYS.user(user, name).encode()) for name in ("tags", "recs", "more", "push")}
    assert len(slots) == 1


@given(IDS, IDS)
def test_two_users_never_share_a_key(one: str, other: str):
    assert (KEYS.user(one, "tags") == KEYS.user(other, "tags")) == (one == other)


def test_a_user_with_braces_does_not_part_from_the_layout():
    assert KEYS.user("a}b{c", "tags") == "ll:{a}b{c}:tags"


@given(IDS)
def test_a_push_stream_and_its_guard_share_a_slot(user: str):
    stream = KEYS.stream_of(user)
    assert 0 <= stream < 4
    assert key_slot(KEYS.push_out(stream).encode()) == key_slot(KEYS.push_ids(stream).encode())


def test_the_stream_of_a_user_never_changes():
    assert [KEYS.stream_of(user) for user in ("u1", "u2", "u3", "茶")] == [1, 2, 1, 1]


def test_a_prefix_with_braces_is_refused():
    with pytest.raises(ValueError, match="brace"):
        Keys("{x}", 4)
    with pytest.raises(ValueError, match="at least one"):
        Keys("ll:", 0)
