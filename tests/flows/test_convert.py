"""A data set becomes a log that holds all of it and nothing else, or no log at all."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from events.decode import Decoder
from events.hashing import uniform
from events.kinds import Click, Impression, Room
from flows.convert import Converted, ConvertError, convert

DATA = Path(os.environ.get("LIVELOOM_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL = DATA / "ranklens" / "events.jsonl.gz"
T0 = 1_636_993_834_000

FILM: dict[str, Any] = {
    "event": "item",
    "id": "film-event",
    "item": "3",
    "timestamp": str(T0 - 1_000),
    "fields": [
        {"name": "title", "value": "Grumpier"},
        {"name": "vote_cnt", "value": 269.0},
        {"name": "budget", "value": 25000000},
        {"name": "genres", "value": ["romance", "comedy", "romance"]},
        {"name": "tags", "value": ["fishing", "老电影"]},
        {"name": "actors", "value": ["daryl hannah"]},
        {"name": "director", "value": "howard deutch"},
        {"name": "writer", "value": "mark johnson"},
    ],
}
BARE_FILM: dict[str, Any] = {**FILM, "id": "bare", "item": "4", "fields": []}
LIST = {
    "event": "ranking",
    "id": "list-1",
    "user": "u1",
    "session": "u1",
    "timestamp": str(T0),
    "fields": [],
    "items": [{"id": "4", "relevancy": 0.0}, {"id": "3", "relevancy": 0.0}],
}
CLICK = {
    "event": "interaction",
    "id": "click-1",
    "item": "3",
    "timestamp": str(T0 + 5_000),
    "ranking": "list-1",
    "user": "u1",
    "session": "u1",
    "type": "click",
    "fields": [],
}
SMALL = [FILM, BARE_FILM, LIST, CLICK]


PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


def lines_of(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def stand_in() -> list[Any]:
    """Rows in the source's format: 40 films, 60 lists of 24 of them, about one click in five."""
    rows: list[Any] = [{**FILM, "id": f"film-{film}", "item": str(film)} for film in range(40)]
    for number in range(60):
        ranking, user, time_ms = f"list-{number}", f"u{number % 9}", T0 + number // 7 * 1_000
        films = [str(film) for film in sorted(range(43), key=lambda f: uniform(f"{f}", number))]
        shown = [{"id": film, "relevancy": 0.0} for film in films[:24]]
        rows.append(
            {**LIST, "id": ranking, "user": user, "timestamp": str(time_ms), "items": shown}
        )
        rows += [
            {**CLICK, "id": f"{ranking}-{film}", "ranking": ranking, "user": user, "item": film}
            | {"timestamp": str(time_ms + 5_000)}
            for film in films[:24]
            if uniform(f"{ranking}/{film}", 1) < 0.2
        ]
    return rows


@pytest.fixture
def converted(tmp_path: Path) -> Callable[..., tuple[Converted, bytes]]:
    def run(rows: list[Any]) -> tuple[Converted, bytes]:
        source, out = tmp_path / "source.jsonl", tmp_path / "out.jsonl"
        source.write_bytes(lines_of(rows))
        return convert("ranklens", source, out), out.read_bytes()

    return run


def test_each_kind_of_row_becomes_its_events(converted: Any) -> None:
    counts, log = converted(SMALL)
    film, bare, first, second, click = (Decoder().decode(row) for row in log.splitlines())
    assert film == Room(
        event_id="film-event",
        event_time_ms=T0 - 1_000,
        room_id="3",
        host_id="studio:howard deutch",
        title="Grumpier",
        tags=[
            "genre:romance",
            "genre:comedy",
            "tag:fishing",
            "tag:老电影",
            "actor:daryl hannah",
            "director:howard deutch",
        ],
        status="live",
        start_time_ms=T0 - 1_000,
        products=[],
        attributes={
            "title": "Grumpier",
            "vote_cnt": 269.0,
            "budget": 25_000_000.0,
            "actors": ["daryl hannah"],
            "director": "howard deutch",
            "writer": "mark johnson",
        },
    )
    assert isinstance(bare, Room)
    assert (bare.host_id, bare.title, bare.tags) == ("studio:unknown", "4", [])
    assert first == Impression(
        event_id="list-1:0",
        event_time_ms=T0,
        user_id="u1",
        request_id="list-1",
        room_id="4",
        position=0,
        surface="list",
    )
    assert isinstance(second, Impression)
    assert (second.event_id, second.room_id, second.position) == ("list-1:1", "3", 1)
    assert click == Click(
        event_id="click-1",
        event_time_ms=T0 + 5_000,
        user_id="u1",
        room_id="3",
        request_id="list-1",
    )
    assert counts.rows == {"interaction": 1, "item": 2, "ranking": 1}
    assert counts.events == {"click": 1, "impression": 2, "room": 2}
    assert str(counts) == (
        "read 4 rows (1 interaction, 2 item, 1 ranking); "
        "wrote 5 events (1 click, 2 impression, 2 room)"
    )


def sources(folder: Path) -> list[Path]:
    """The stand-in, and the published data set where it lies at hand."""
    made = folder / "stand_in.jsonl.gz"
    made.write_bytes(gzip.compress(lines_of(stand_in())))
    return [made, *([REAL] if REAL.exists() else [])]


def test_nothing_is_lost_added_or_moved(tmp_path: Path) -> None:
    for source in sources(tmp_path):
        out = tmp_path / "out.jsonl"
        counts = convert("ranklens", source, out)
        events = iter(Decoder().decode_all(out.read_bytes().splitlines()))
        rows: Counter[str] = Counter()
        seen: set[str] = set()
        with gzip.open(source) as lines:
            for row in map(json.loads, lines):
                rows[row["event"]] += 1
                shown = row["items"] if row["event"] == "ranking" else [{"id": row["item"]}]
                for place, item in enumerate(shown):
                    event = next(events)
                    assert isinstance(event, Room | Impression | Click)
                    assert event.event_time_ms == int(row["timestamp"])
                    assert event.room_id == item["id"]
                    assert event.event_id not in seen
                    seen.add(event.event_id)
                    if isinstance(event, Impression):
                        assert (event.request_id, event.position) == (row["id"], place)
        assert next(events, None) is None
        assert counts.rows == dict(rows)
        assert sum(counts.events.values()) == len(seen)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_packed_files_hold_the_same_log_with_the_same_bytes_each_time(
    tmp_path: Path, suffix: str
) -> None:
    plain = lines_of(SMALL)
    source = tmp_path / f"source.jsonl{suffix}"
    source.write_bytes(PACK[suffix](plain))
    outs = [tmp_path / f"{name}.jsonl{suffix}" for name in ("a", "b")]
    for out in outs:
        convert("ranklens", source, out)
    reference = tmp_path / "reference.jsonl"
    (tmp_path / "plain.jsonl").write_bytes(plain)
    convert("ranklens", tmp_path / "plain.jsonl", reference)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert UNPACK[suffix](outs[0].read_bytes()) == reference.read_bytes()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b'{"event":"item","id":"x"', "truncated"),
        (b"", "truncated"),
        (b'{"event":"mystery"}', "mystery"),
        (b"\xff\xfe", "JSON"),
        (json.dumps({**CLICK, "type": "hover"}).encode(), "$.type"),
        (json.dumps({**CLICK, "timestamp": "soon"}).encode(), "timestamp"),
        (json.dumps({**CLICK, "timestamp": "17"}).encode(), "event_time_ms"),
        (json.dumps({**CLICK, "user": ""}).encode(), "user_id"),
        (json.dumps({**LIST, "items": []}).encode(), "tells nothing"),
        (json.dumps({**FILM, "fields": [{"name": "director", "value": 7}]}).encode(), "director"),
        (json.dumps({**FILM, "fields": FILM["fields"] * 2}).encode(), "twice"),
        (json.dumps({**FILM, "item": "片" * 50}).encode(), "128 bytes"),
    ],
)
def test_a_bad_row_stops_with_its_line_and_leaves_what_was_there(
    tmp_path: Path, row: bytes, says: str
) -> None:
    source, out = tmp_path / "source.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(lines_of(SMALL) + row + b"\n" + lines_of([CLICK]))
    out.write_bytes(b"an older log")
    with pytest.raises(ConvertError) as raised:
        convert("ranklens", source, out)
    assert str(raised.value).startswith(f"{source}:5: ")
    assert says in str(raised.value)
    assert out.read_bytes() == b"an older log"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "source.jsonl"]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_packed_file_cut_short_is_an_error(tmp_path: Path, suffix: str) -> None:
    source, out = tmp_path / f"source.jsonl{suffix}", tmp_path / "out.jsonl"
    whole = PACK[suffix](lines_of(SMALL))
    for size in range(1, len(whole)):
        source.write_bytes(whole[:size])
        with pytest.raises(ConvertError, match=r"source\.jsonl"):
            convert("ranklens", source, out)
        assert not out.exists()


def test_packed_parts_may_follow_one_another(tmp_path: Path) -> None:
    for suffix, pack in PACK.items():
        source, out = tmp_path / f"source.jsonl{suffix}", tmp_path / "out.jsonl"
        source.write_bytes(pack(lines_of(SMALL[:2])) + pack(lines_of(SMALL[2:])))
        assert sum(convert("ranklens", source, out).rows.values()) == len(SMALL)


def test_a_row_without_end_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    source.write_bytes(lines_of(SMALL) + b"x" * 3_000_000)
    with pytest.raises(ConvertError, match=r"source\.jsonl:4: the row after this one is longer"):
        convert("ranklens", source, tmp_path / "out.jsonl")


def test_an_empty_source_and_an_unknown_name_are_errors(tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    source.write_bytes(b"")
    with pytest.raises(ConvertError, match="holds no rows"):
        convert("ranklens", source, tmp_path / "out.jsonl")
    with pytest.raises(ConvertError, match="there are: csv, kuairand, ranklens"):
        convert("nonesuch", source, tmp_path / "out.jsonl")


def test_progress_ends_at_the_whole_file(tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    source.write_bytes(lines_of(stand_in()))
    told: list[tuple[int, int]] = []
    convert(
        "ranklens", source, tmp_path / "out.jsonl", lambda done, size: told.append((done, size))
    )
    size = source.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)
