"""The catalogue answers as of an event time and a log position, whatever else has been read."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.content import Content, ContentSettings
from features.needed import needed
from tests.line import START_MS, Teller

VERSIONS_MAX = 3
ENDED_MAX = 1
ROOMS = tuple(f"r{n}" for n in range(5))


def limits(ended_max: int = 99) -> CatalogueSettings:
    return CatalogueSettings(
        VERSIONS_MAX, ended_rooms_max=ended_max, attributes=2, host_attributes=True
    )


def refilled(entries: list[Entry], ended_max: int = 99) -> Catalogue:
    catalogue = Catalogue(limits(ended_max))
    for entry in entries:
        catalogue.apply(entry)
    return catalogue


def ending_entries(seed: int, for_good: bool, count: int = 60) -> list[Entry]:
    """Rooms that end, beyond the limit; some are told of again, unless they end for good."""
    dice, say = random.Random(seed), Teller()
    every = [f"t{n}" for n in range(8)] + [f"p{n}" for n in range(8)]
    entries = [Entry(1, START_MS, say(kinds.Host, 0, host_id="h", tags=every))]
    for number in range(1, count):
        over = {e.event.room_id for e in entries if getattr(e.event, "status", "") == "ended"}
        rooms = sorted(set(ROOMS) - over) if for_good else ROOMS
        if not rooms:
            rooms = [f"r-{number}"]
        name, at_s = dice.choice(rooms), number - dice.choice([0, 0, 9])
        status = dice.choice(["live", "live", "ended"])
        event: Any = say.room(name, f"t{number % 8}", at_s, status=status)
        known = {e.event.room_id for e in entries if isinstance(e.event, kinds.Room)}
        if name in known and dice.random() < 0.3:
            point = f"p{number % 8}"
            event = say(kinds.OnAir, at_s, room_id=name, product_id=None, point=point)
        entries.append(Entry(number + 1, START_MS + number * 1000, event))
    return entries


def random_entries(seed: int, count: int = 40) -> list[Entry]:
    dice, say, clock_s = random.Random(seed), Teller(), 0
    entries = []
    for number in range(count):
        clock_s += dice.choice([0, 0, 1, 5])
        at_s, name = clock_s - dice.choice([0, 0, 3, 20]), dice.choice("ab")
        tags = " ".join(dice.sample(["tea", "silk", "jade", "茶"], 2))
        attributes = {dice.choice("kmn"): dice.choice([1, 2.5, "words", True])}
        event: Any = dice.choice(
            [
                say.room(
                    *(f"r{name}", tags, at_s),
                    host_id=f"h{dice.choice('ab')}",
                    products=[f"p{name}"],
                    attributes=attributes,
                ),
                say.product(f"p{name}", tags, dice.choice([0.0, 9.0]), at_s),
                say(
                    *(kinds.Host, at_s),
                    host_id=f"h{name}",
                    tags=tags.split(),
                    attributes=attributes,
                ),
                say(
                    *(kinds.OnAir, at_s),
                    room_id=f"r{name}",
                    product_id=dice.choice([None, f"p{name}"]),
                    point=dice.choice([None, "fresh"]),
                ),
            ]
        )
        entries.append(Entry(number + 1, START_MS + clock_s * 1000, event))
    return entries


def naive_version(
    entries: list[Entry], kind: type, field: str, name: str, time_ms: int, seq: int
) -> Any:
    """Of the newest few versions known by then the newest one not after, else the oldest."""
    known = [
        entry
        for entry in entries
        if entry.seq <= seq and type(entry.event) is kind and getattr(entry.event, field) == name
    ]
    known.sort(key=lambda entry: (entry.event.event_time_ms, entry.seq))
    known = known[-VERSIONS_MAX:]
    fitting = [entry for entry in known if entry.event.event_time_ms <= time_ms]
    chosen = fitting[-1] if fitting else known[0] if known else None
    return chosen.event if chosen else None


seeds = st.integers(0, 10**6)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 40), st.integers(-30, 90))
def test_look_ups_are_as_of_time_and_position(seed: int, seq: int, at_s: int):
    entries = random_entries(seed)
    catalogue, time_ms = refilled(entries), START_MS + at_s * 1000
    for name in "ab":
        args = (time_ms, seq)
        for kind, field, found in (
            (kinds.Room, "room_id", catalogue.room(f"r{name}", *args)),
            (kinds.Product, "product_id", catalogue.product(f"p{name}", *args)),
            (kinds.Host, "host_id", catalogue.host(f"h{name}", *args)),
        ):
            item = f"{kind.__name__[0].lower()}{name}"
            assert found is naive_version(entries, kind, field, item, *args)
        shown = naive_version(entries, kinds.OnAir, "room_id", f"r{name}", *args)
        if shown is not None and shown.event_time_ms > time_ms:
            shown = None
        assert catalogue.shown(f"r{name}", *args) is shown


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 40), st.integers(-30, 90))
def test_room_tags_add_what_is_on_air(seed: int, seq: int, at_s: int):
    entries = random_entries(seed)
    catalogue, time_ms = refilled(entries), START_MS + at_s * 1000
    args = (time_ms, seq)
    room = naive_version(entries, kinds.Room, "room_id", "ra", *args)
    shown = naive_version(entries, kinds.OnAir, "room_id", "ra", *args)
    if room is None:
        assert catalogue.room_tags("ra", *args) is None
        return
    expected = list(room.tags)
    if shown is not None and shown.event_time_ms <= time_ms:
        product = shown.product_id and naive_version(
            entries, kinds.Product, "product_id", shown.product_id, *args
        )
        expected += product.tags if product else []
        expected += [shown.point] if shown.point else []
    assert catalogue.room_tags("ra", *args) == list(dict.fromkeys(expected))


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 40))
def test_what_was_read_since_changes_no_answer(seed: int, seq: int):
    """A shard that lags behind asks a catalogue that is far ahead, and let old versions go."""
    entries = random_entries(seed)
    ahead, exact = refilled(entries), refilled(entries[:seq])
    clock_ms = entries[seq - 1].clock_ms if seq else 0
    ahead.forget_before(clock_ms)
    for at_s in (-30, 0, 20, 90):
        args = (START_MS + at_s * 1000, seq)
        for name in "ab":
            assert ahead.room_tags(f"r{name}", *args) == exact.room_tags(f"r{name}", *args)
            assert ahead.product(f"p{name}", *args) is exact.product(f"p{name}", *args)
            assert ahead.host(f"h{name}", *args) is exact.host(f"h{name}", *args)
    assert ahead.query_tags("tea jade 茶", seq) == exact.query_tags("tea jade 茶", seq)
    assert ahead.content_seq(seq) == exact.content_seq(seq)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 40))
def test_versions_that_nobody_can_see_are_let_go(seed: int, seq: int):
    entries = random_entries(seed, 60)
    catalogue = refilled(entries)
    catalogue.forget_before(1 << 50)
    held = [catalogue.rooms, catalogue.products, catalogue.hosts, catalogue.on_air]
    assert max(len(item.entries) for items in held for item in items.values()) <= VERSIONS_MAX


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 59))
def test_a_catalogue_kept_small_answers_as_the_whole_one(seed: int, cut: int):
    """After a restart only the needed entries are sent again, then what comes."""
    entries = random_entries(seed, 60)
    whole, small = refilled(entries), refilled(needed(entries[:cut], limits()))
    assert small.seq == cut
    for entry in entries[cut:]:
        small.apply(entry)
    for seq in (cut, 60):
        for at_s in (-30, 10, 90):
            args = (START_MS + at_s * 1000, seq)
            for name in "ab":
                assert small.room_tags(f"r{name}", *args) == whole.room_tags(f"r{name}", *args)
                assert small.product(f"p{name}", *args) is whole.product(f"p{name}", *args)
                assert small.host(f"h{name}", *args) is whole.host(f"h{name}", *args)
        for query in ("tea jade", "茶 silk", "fresh"):
            assert small.query_tags(query, seq) == whole.query_tags(query, seq)
        one, other = (Content(c, seq, ContentSettings()) for c in (small, whole))
        assert one.ids == other.ids
        assert (one.tags == other.tags).all()
        assert one.attribute_names == other.attribute_names
        assert (one.attributes == other.attributes).all()
        assert one.tag_number == other.tag_number


@settings(max_examples=60, deadline=None)
@given(seeds, st.booleans(), st.integers(0, 60), st.integers(0, 60))
def test_rooms_ended_long_ago_are_unknown_to_everyone_alike(
    seed: int, for_good: bool, seq: int, passed: int
):
    """Also to one who lags behind, and, where they ended for good, to one who was restarted."""
    entries = ending_entries(seed, for_good)
    exact, ahead = refilled(entries[:seq], ENDED_MAX), refilled(entries, ENDED_MAX)
    ahead.forget_before(entries[min(seq, passed) - 1].clock_ms if min(seq, passed) else 0)
    again = exact
    if for_good:
        again = refilled(needed(entries[:seq], limits(ENDED_MAX)), ENDED_MAX)
    for at_s in (-30, seq - 9, seq, 90):
        args = (START_MS + at_s * 1000, seq)
        for name in ROOMS:
            expected = exact.room_tags(name, *args)
            assert ahead.room_tags(name, *args) == expected
            assert again.room_tags(name, *args) == expected
    contents = [Content(c, seq, ContentSettings()) for c in (exact, ahead, again)]
    assert contents[1].ids == contents[0].ids == contents[2].ids
    told = {e.event.room_id: e.event for e in entries[:seq] if isinstance(e.event, kinds.Room)}
    assert sum(told[name].status == "ended" for name in contents[0].ids) <= ENDED_MAX


def test_only_what_is_needed_is_kept(say: Teller):
    entries = [
        Entry(seq, START_MS, say.room("ra", "tea" if seq > 2 else "old", seq))
        for seq in range(1, 9)
    ]
    assert [entry.seq for entry in needed(entries, CatalogueSettings(versions_max=2))] == [
        1,
        3,
        7,
        8,
    ]


def test_applying_twice_changes_nothing():
    entries = random_entries(1)
    once, twice = refilled(entries), refilled(entries + entries)
    assert twice.seq == once.seq == 40
    assert twice.since(0, 99) == once.since(0, 99) == entries


def test_positions_by_clock(say: Teller):
    """What falls due at a clock comes before all events that share it."""
    clocks = [0, 5, 5, 9]
    entries = [Entry(n + 1, clock, say.room("ra")) for n, clock in enumerate(clocks)]
    catalogue = refilled(entries)
    assert [catalogue.seq_at(clock, 9) for clock in (0, 1, 5, 6, 9, 10)] == [0, 1, 1, 3, 3, 4]
    assert catalogue.seq_at(10, 2) == 2
    assert [entry.seq for entry in catalogue.since(1, 3)] == [2, 3]
    assert catalogue.since(4, 9) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("TEA pot", ["tea", "tea pot"]),
        ("steam teas tea2", []),
        ("green-tea!", ["tea"]),
        ("想喝茶tea壶", ["tea", "茶", "茶tea"]),
        ("a jade ring", ["jade ring"]),
        ("ring jade", []),
        ("", []),
        ("手机壳", ["手机", "手机壳"]),
    ],
)
def test_a_search_finds_whole_latin_words_and_any_other_substring(
    query: str, found: list[str], say: Teller
):
    catalogue = Catalogue(CatalogueSettings())
    tags = ["tea", "Tea Pot", "tea pot", "茶", "茶tea", "jade ring", "手机", "手机壳", "x" * 99]
    room = say.room("r1")
    room.tags = tags
    catalogue.apply(Entry(1, 0, room))
    expected = sorted([*found, "Tea Pot"]) if "tea pot" in found else sorted(found)
    assert catalogue.query_tags(query, 1) == expected
    assert catalogue.query_tags(query, 0) == []
    assert catalogue.query_tags("x" * 99, 1) == []


def test_a_point_is_a_tag_of_the_catalogue_once_it_was_made(say: Teller):
    catalogue = refilled(
        [
            Entry(1, 0, say.room("r1", "tea")),
            Entry(2, 0, say(kinds.OnAir, 5, room_id="r1", product_id=None, point="first flush")),
        ]
    )
    assert catalogue.query_tags("first flush", 1) == []
    assert catalogue.query_tags("first flush", 2) == ["first flush"]
    assert catalogue.room_tags("r1", START_MS + 4_000, 2) == ["tea"]
    assert catalogue.room_tags("r1", START_MS + 5_000, 2) == ["tea", "first flush"]


def test_rooms_are_numbered_alike_by_everyone_who_has_read_as_far(say: Teller):
    entries = [Entry(n + 1, 0, say.room(name)) for n, name in enumerate(["rb", "ra", "rc", "rb"])]
    content = Content(refilled(entries), 2, ContentSettings())
    assert content.ids == ["ra", "rb"]
    assert content.number == {"ra": 0, "rb": 1}


def test_an_attribute_keeps_its_slot_whatever_is_told_later(say: Teller):
    told = [{"size": 3, "colour": "red"}, {"age": 1, "size": 5}, {"age": 2, "cost": 9}]
    entries = [Entry(n + 1, n, say.room(f"r{n}", attributes=one)) for n, one in enumerate(told)]
    entries.append(Entry(4, 4, say.room("r0", at_s=4, status="ended")))
    catalogue = refilled(entries)
    assert [Content(catalogue, seq, ContentSettings()).attribute_names for seq in (1, 2, 4)] == [
        *(["size"], ["size", "age"], ["size", "age"])
    ]
    assert Content(catalogue, 4, ContentSettings()).attributes.shape == (3, 2)


def test_beyond_the_limit_the_room_that_ended_first_is_unknown_from_then_on(say: Teller):
    catalogue = Catalogue(CatalogueSettings(ended_rooms_max=2))
    entries = [
        Entry(seq, seq, say.room(f"r{seq}", at_s=seq, status="ended")) for seq in range(1, 5)
    ]
    for entry in entries:
        catalogue.apply(entry)
    latest_ms = START_MS + 99_000
    assert catalogue.room("r1", latest_ms, 2) is entries[0].event, "as it was before the third"
    assert catalogue.room("r1", latest_ms, 3) is None
    assert [room.room_id for room in catalogue.known_rooms(4)] == ["r3", "r4"]
    assert catalogue.forget_before(99) == 4
    assert sorted(catalogue.rooms) == ["r3", "r4"]
    assert [entry.seq for entry in needed(entries, limits(2))] == [3, 4]
    catalogue.apply(Entry(5, 100, say.room("r1", at_s=100, status="live")))
    assert catalogue.room("r1", latest_ms, 5) is not None


def test_events_that_all_have_passed_are_let_go(say: Teller):
    catalogue = refilled([Entry(seq, seq, say.room("ra")) for seq in range(1, 50)])
    assert catalogue.forget_before(40) == 39
    assert [entry.seq for entry in catalogue.entries] == list(range(39, 50))
    assert catalogue.seq_at(40, 99) == 39
    assert catalogue.content_seq(39) == 39
