"""IDENTITY: events count for the device until a link comes, and for the person from then on."""

from __future__ import annotations

from typing import Any

import pytest

from events import kinds
from events.errors import StateError
from events.hashing import hash64
from features.identity import Identity, IdentitySettings
from features.rows import Link, Rows
from features.strengths import StrengthSettings, measure
from tests.line import START_MS, Teller

WEIGHING = frozenset(measure(StrengthSettings()))


def made(**changed: Any) -> Identity:
    return Identity(IdentitySettings(**changed), WEIGHING, 10_000)


def told(identity: Identity, *events: Any) -> list[tuple[Any, str]]:
    """What becomes of events in one round: each with the name that it counts for."""
    clock_ms = max(event.event_time_ms for event in events)
    rows = Rows(-1, 1, clock_ms, 0)
    for number, event in enumerate(events):
        key = hash64(event.event_id)
        person = kinds.person_of(event) or ""
        rows.rows.append((event, person, number, key, event.event_time_ms, 0))
    return [(row[0], row[1]) for row in identity.apply(rows).rows]


def link(say: Teller, at_s: float, user: str = "u1", device: str = "d1", **fields: Any) -> Any:
    return say(kinds.IdentityLink, at_s, user, device_id=device, **fields)


def click(say: Teller, at_s: float, device: str = "d1") -> Any:
    return say(kinds.Click, at_s, device_id=device, room_id="r1")


def test_a_link_hands_over_the_signals_once_in_order_and_ends_the_device(say: Teller):
    identity = made()
    late, early, shown = click(say, 20), click(say, 10), say.shown(5, "x", "q", "r1")[0]
    shown.user_id, shown.device_id = None, "d1"
    assert told(identity, late, early, shown) == [
        (late, "device:d1"),
        (early, "device:d1"),
        (shown, "device:d1"),
    ]
    out = told(identity, link(say, 30), after := click(say, 40))
    (handed, person), (ended, device), (straight, owner) = out
    assert isinstance(handed, Link)
    assert isinstance(ended, Link)
    assert (person, device, owner) == ("u1", "device:d1", "u1")
    assert handed.signals == [early, late], "impressions weigh nothing and are not handed over"
    assert (handed.ends, ended.ends, ended.signals) == (False, True, [])
    assert straight is after
    assert told(identity, link(say, 50)) == []
    assert identity.counts["links"] == 1


def test_ties_in_time_are_settled_by_event_id(say: Teller):
    identity = made()
    second, first = (
        say(kinds.Click, 10, device_id="d1", room_id="r1", event_id=name) for name in ("b", "a")
    )
    told(identity, second, first)
    [(handed, _), _] = told(identity, link(say, 20))
    assert [signal.event_id for signal in handed.signals] == ["a", "b"]


def test_an_unsure_link_is_not_made(say: Teller):
    identity = made()
    told(identity, click(say, 1))
    assert told(identity, link(say, 2, confidence=0.79)) == []
    assert identity.counts["unsure_links"] == 1
    assert told(identity, click(say, 3))[0][1] == "device:d1"
    [(handed, _), _] = told(identity, link(say, 4, confidence=0.8))
    assert len(handed.signals) == 2


def test_only_the_last_signals_are_kept(say: Teller):
    identity = made()
    told(identity, *(click(say, at_s) for at_s in range(250)))
    [(handed, _), _] = told(identity, link(say, 300))
    assert len(handed.signals) == 200
    assert handed.signals[0].event_time_ms == START_MS + 50_000
    assert identity.counts["dropped"] == 50


def test_signals_older_than_a_day_stay_behind(say: Teller):
    identity = made()
    told(identity, click(say, 0), click(say, 100))
    [(handed, _), _] = told(identity, link(say, 86_400 + 50))
    assert [signal.event_time_ms for signal in handed.signals] == [START_MS + 100_000]


def test_what_no_link_could_bring_back_is_not_held(say: Teller):
    identity = made()
    told(identity, click(say, 0, "gone"), click(say, 0), click(say, 90_000))
    assert b"gone" not in identity.snapshot()
    [(handed, _), _] = told(identity, link(say, 90_001))
    assert [signal.event_time_ms for signal in handed.signals] == [START_MS + 90_000_000]


def test_a_device_that_changes_hands_brings_nothing_old(say: Teller):
    identity = made()
    told(identity, click(say, 1), link(say, 2))
    (handed, person), (_, device) = told(identity, link(say, 3, user="u2"))
    assert (person, device, handed.signals) == ("u2", "device:d1", [])
    assert told(identity, click(say, 4))[0][1] == "u2"


def test_a_nickname_is_an_identity_of_its_platform(say: Teller):
    identity = made()
    event = say(kinds.Comment, 1, platform="x", nickname="n", room_id="r1", text="hi")
    assert told(identity, event) == [(event, "nick:x/n")]
    event_link = say(kinds.IdentityLink, 2, "u1", platform="x", nickname="n")
    assert [person for _, person in told(identity, event_link)] == ["u1", "nick:x/n"]
    other = say(kinds.Comment, 3, platform="y", nickname="n", room_id="r1", text="hi")
    assert told(identity, other) == [(other, "nick:y/n")]


def test_an_erased_user_takes_the_links_along(say: Teller):
    identity = made()
    told(identity, click(say, 1), link(say, 2))
    erase = say(kinds.Erase, 3, "u1")
    assert told(identity, erase) == [(erase, "u1"), (erase, "device:d1")]
    assert told(identity, click(say, 4))[0][1] == "device:d1"


def test_a_repeated_row_is_dropped_within_the_horizon(say: Teller):
    identity = made()
    event = click(say, 1)
    assert told(identity, event, event) == [(event, "device:d1")]
    assert identity.counts["identity_duplicates"] == 1
    [(handed, _), _] = told(identity, link(say, 2))
    assert len(handed.signals) == 1


def test_memory_is_bounded(say: Teller):
    identity = made(identities_max=3, links_max=2)
    told(identity, *(click(say, n, f"d{n}") for n in range(5)))
    [(handed, _), _] = told(identity, link(say, 10, device="d0"))
    assert handed.signals == [], "the longest silent identity has left"
    [(handed, _), _] = told(identity, link(say, 11, device="d4"))
    assert len(handed.signals) == 1
    told(identity, link(say, 12, device="d5"))
    assert told(identity, click(say, 13, "d0"))[0][1] == "device:d0"


def test_the_round_keeps_its_shape(say: Teller):
    rows = Rows(-1, 7, START_MS, 3, False, True)
    out = made().apply(rows)
    assert (out.round, out.clock_ms, out.seq, out.done, out.rows) == (7, START_MS, 3, True, [])


@pytest.mark.parametrize("cut", range(7))
def test_restored_state_continues_alike(cut: int, say: Teller):
    events = [
        *(click(say, 1), click(say, 2, "d2"), link(say, 3), click(say, 4)),
        *(link(say, 5, "u2", "d2"), click(say, 6, "d2"), click(say, 7, "d3")),
    ]
    events.append(events[3])
    identity, again = made(), made()
    for event in events[:cut]:
        told(identity, event)
    again.restore(identity.snapshot())
    assert again.snapshot() == identity.snapshot()
    rest = events[cut:]
    assert told(again, *rest) == told(identity, *rest)
    assert again.counts == identity.counts


def test_damaged_or_other_state_is_refused_with_a_reason(say: Teller):
    identity = made()
    told(identity, click(say, 1))
    stored = identity.snapshot()
    for size in (0, 1, 17, 18, len(stored) // 2, len(stored) - 1):
        with pytest.raises(StateError, match="damaged"):
            made().restore(stored[:size])
    for place in range(0, len(stored), 7):
        spoilt = bytearray(stored)
        spoilt[place] ^= 4
        with pytest.raises(StateError):
            made().restore(bytes(spoilt))
    with pytest.raises(StateError, match=r"^the stored state of IDENTITY has layout 0"):
        made().restore(stored[:4] + b"\x00\x00" + stored[6:])
