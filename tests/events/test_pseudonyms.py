"""Names in place of ids: one a person, none without the key, and no id left in an event."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import kinds
from events.decode import Decoder
from events.kinds import Event, person_of
from events.letters import DeadLetter
from events.pseudonyms import Pseudonyms

KEY = b"sixteen bytes or more"
ids = st.text(min_size=1, max_size=20)


@given(one=ids, other=ids)
def test_a_name_is_one_person_s_under_one_key(one: str, other: str) -> None:
    names = Pseudonyms(KEY)
    assert (names.user(one) == names.user(other)) == (one == other)
    assert names.user(one) == Pseudonyms(KEY).user(one)
    assert names.user(one) != Pseudonyms(KEY + b"!").user(one)
    assert len(names.user(one)) == 24


@given(name=ids)
def test_user_device_and_nickname_have_nothing_in_common(name: str) -> None:
    names = Pseudonyms(KEY)
    hidden = {names.user(name), names.person(f"device:{name}"), names.person(f"nick:x/{name}")}
    assert len({one.rpartition(":")[2].rpartition("/")[2] for one in hidden}) == 3


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(b"fifteen bytes..")


def test_a_fingerprint_tells_keys_apart() -> None:
    assert Pseudonyms(KEY).fingerprint == Pseudonyms(KEY).fingerprint
    assert Pseudonyms(KEY).fingerprint != Pseudonyms(KEY + b"!").fingerprint


@given(user=ids | st.none(), device=ids | st.none(), nickname=ids)
def test_an_event_counts_for_the_name_of_its_person(
    user: str | None, device: str | None, nickname: str
) -> None:
    event: Event = kinds.Click(
        event_id="e",
        event_time_ms=1,
        room_id="r",
        user_id=user,
        device_id=device,
        platform="some platform",
        nickname=nickname,
    )
    names, hidden = Pseudonyms(KEY), copy.copy(event)
    names.hide(hidden)
    assert person_of(hidden) == names.person(person_of(event) or "")


def test_no_id_of_a_person_is_left_in_any_kind_of_event(
    examples_by_kind: dict[str, dict[str, Any]],
) -> None:
    names = Pseudonyms(KEY)
    for example in examples_by_kind.values():
        plain = {
            name: f"plain {name}"
            for name in ("user_id", "device_id", "nickname")
            if name in example
        }
        if "nickname" in plain:
            plain["platform"] = "web"
        row = msgspec.json.encode(example | plain)
        event = Decoder().decode(row)
        assert event is not None
        assert not isinstance(event, DeadLetter)
        names.hide(event)
        assert b"plain " not in msgspec.json.encode(event)
