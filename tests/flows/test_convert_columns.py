"""A table becomes a log by its map: every value where the map says, in the order of time."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from events.decode import Decoder
from events.kinds import Dismiss, Dwell, Like, Room
from flows.convert import ConvertError, convert
from flows.converters.columns import load

DATA = Path(os.environ.get("LIVELOOM_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL = DATA / "kuairand" / "interactions.tsv.gz"
T0 = 1_649_346_288_441

HEADER = [
    *("user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "is_follow", "is_comment"),
    *("is_forward", "long_view", "play_time_ms", "duration_ms", "comment_stay_time"),
    *("is_profile_enter", "label", "timestamp"),
]
"""The columns of KuaiRand, in its order."""


def kuairand_row(user: str, video: str, time_ms: int, **told: int) -> str:
    row = dict.fromkeys(HEADER, "0") | {"timestamp": "2022-04-07 15:44:48", "duration_ms": "9000"}
    row |= {"user_id": user, "video_id": video, "time_ms": str(time_ms)}
    return "\t".join((row | {name: str(value) for name, value in told.items()}).values())


ROWS = [
    kuairand_row("u2", "v1", T0 + 9_000, label=0),
    kuairand_row("u1", "v1", T0, is_click=1, long_view=1, play_time_ms=20_000, label=1),
    kuairand_row("u1", "v2", T0 + 1_000, is_click=1, play_time_ms=3_000, label=1, is_forward=1),
]
"""Not in the order of time, as in the source."""

COLUMNS = """
delimiter = ";"
time = "at"
time_unit = "UNIT"

[[event]]
kind = "product"
[event.fields]
product_id = "sku"
title = { text = "No. {sku}" }
tags = { column = "tags", split = "|" }
price = { column = "cents", times = 0.01 }
category = { value = "any" }

[[event]]
kind = "click"
when = { column = "what", equals = ["click", "tap"] }
after_ms = 1500
[event.fields]
user_id = "who"
product_id = "sku"
"""
TABLE = "at;who;sku;tags;cents;what\n{at};小明;p1;tea|;1990;tap\n{at};ming;p2;;5;look\n"


def log_of(folder: Path, name: str, table: str, columns: str | None = None) -> list[Any]:
    source, out = folder / "table.tsv", folder / "log.jsonl"
    source.write_text(table, "utf-8")
    made = None
    if columns is not None:
        made = folder / "map.toml"
        made.write_text(columns, "utf-8")
    convert(name, source, out, column_map=made)
    return list(Decoder().decode_all(out.read_bytes().splitlines()))


def test_a_row_of_kuairand_becomes_what_was_shown_and_what_came_of_it(tmp_path: Path):
    events = log_of(tmp_path, "kuairand", "\n".join(["\t".join(HEADER), *ROWS]) + "\n")
    times = [event.event_time_ms for event in events]
    assert times == sorted(times)
    assert Counter(type(event).__name__ for event in events) == {
        "Room": 2, "Impression": 3, "Enter": 2, "Dwell": 2, "Like": 2, "Dismiss": 1, "Share": 1,
    }  # fmt: skip
    room = events[0]
    assert isinstance(room, Room)
    assert (room.room_id, room.start_time_ms, room.attributes) == ("v1", T0, {"duration_ms": 9e3})
    assert [(e.user_id, e.dwell_ms, e.long) for e in events if isinstance(e, Dwell)] == [
        ("u1", 3_000, False),
        ("u1", 20_000, True),
    ]
    liked = [(e.room_id, e.event_time_ms - T0) for e in events if isinstance(e, Like)]
    assert liked == [("v2", 4_000), ("v1", 20_000)]
    assert [e.user_id for e in events if isinstance(e, Dismiss)] == ["u2"]


def test_the_published_rows_all_become_events(tmp_path: Path):
    source = tmp_path / "stand_in.tsv.gz"
    source.write_bytes(gzip.compress("\n".join(["\t".join(HEADER), *ROWS]).encode()))
    for path, rows in [(source, len(ROWS)), *([(REAL, 41_828)] if REAL.exists() else [])]:
        done = convert("kuairand", path, tmp_path / "log.jsonl")
        assert done.rows == {"row": rows}
        assert done.events["impression"] == rows
        likes = sum(done.events.get(kind, 0) for kind in ("like", "dismiss"))
        assert likes == rows, "each row has a like or a hate"


@pytest.mark.parametrize(
    ("unit", "at"), [("ms", str(T0)), ("s", "1649346288.441"), ("iso", "2022-04-07T15:44:48.441")]
)
def test_a_map_says_where_each_field_comes_from(tmp_path: Path, unit: str, at: str):
    columns = COLUMNS.replace("UNIT", unit)
    events = log_of(tmp_path, "csv", TABLE.format(at=at), columns)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [event.event_time_ms for event in events] == [T0, T0, T0 + 1500]
    first, second, click = lines
    assert (first["title"], first["tags"], first["price"]) == ("No. p1", ["tea"], 19.9)
    assert (second["tags"], second["price"], second["category"]) == ([], 0.05, "any")
    assert (click["kind"], click["user_id"], click["product_id"]) == ("click", "小明", "p1")
    assert [line["event_id"] for line in lines] == ["row-2-0", "row-3-0", "row-2-1"]


def test_what_is_told_once_is_told_at_its_first_time(tmp_path: Path):
    columns = COLUMNS.replace("UNIT", "ms").replace(
        'kind = "product"', 'kind = "product"\nonce = "{sku}"'
    )
    table = f"at;who;sku;tags;cents;what\n{T0 + 5};a;p1;late;1;x\n{T0};b;p1;early;1;x\n"
    assert [event.tags for event in log_of(tmp_path, "csv", table, columns)] == [["early"]]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (TABLE.format(at="soon"), "table.tsv:2: invalid literal for int()"),
        (TABLE.format(at=T0).replace(";look", ""), "table.tsv:3: 5 values for 6 columns"),
        (TABLE.format(at=T0).replace("who;", "whom;"), "table.tsv:1: no column who; there are at,"),
        (TABLE.format(at=T0).replace("小明", ""), "table.tsv:2: would be a dead letter"),
        (TABLE.format(at=T0).replace("1990", "dear"), "table.tsv:2: product: 'dear' is no number"),
        (TABLE.format(at=T0).replace("p2", '"p2'), "table.tsv:3: unexpected end of data"),
        (TABLE.format(at=T0).replace("tags", "sku"), "table.tsv:1: more than one column sku"),
        ("", "holds no rows"),
        ("at;who;sku;tags;cents;what\n", "holds no rows"),
    ],
)
def test_a_bad_table_stops_with_its_line(tmp_path: Path, table: str, says: str):
    with pytest.raises(ConvertError) as raised:
        log_of(tmp_path, "csv", table, COLUMNS.replace("UNIT", "ms"))
    assert says in str(raised.value)
    assert not (tmp_path / "log.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("click", "klick"), "no kind of event 'klick'"),
        (("product_id =", "produce_id ="), "has no field produce_id"),
        (('{ value = "any" }', "{ }"), "category: give one of column, text, value"),
        (('{ value = "any" }', '{ value = 1, text = "x" }'), "category: give one of column"),
        (("split", "spilt"), "spilt"),
        (('time = "at"', ""), "time"),
        (("[[event]]", "[[event"), "map.toml: "),
        (("UNIT", "years"), "years"),
        (('";"', '";;"'), "delimiter is ';;'"),
        (("No. {sku}", "No. {sku"), "map.toml: "),
        (("No. {sku}", "No. {sku.size}"), "nothing but names of columns"),
        (("No. {sku}", "No. {}"), "nothing but names of columns"),
        (("No. {sku}", "No. {size}"), "no column size"),
    ],
)
def test_a_bad_map_says_what_is_wrong(tmp_path: Path, change: tuple[str, str], says: str):
    columns = COLUMNS.replace(*change).replace("UNIT", "ms")
    with pytest.raises(ConvertError) as raised:
        log_of(tmp_path, "csv", TABLE.format(at=T0), columns)
    assert says in str(raised.value)


def test_a_time_beyond_all_numbers_is_an_error_with_its_line(tmp_path: Path):
    with pytest.raises(ConvertError, match=r"table\.tsv:2: "):
        log_of(tmp_path, "csv", TABLE.format(at="inf"), COLUMNS.replace("UNIT", "s"))


def test_a_table_may_open_with_a_byte_order_mark_and_must_be_utf_8(tmp_path: Path):
    columns, table = COLUMNS.replace("UNIT", "ms"), TABLE.format(at=T0)
    plain = log_of(tmp_path, "csv", table, columns)
    assert log_of(tmp_path, "csv", "\ufeff" + table, columns) == plain
    (tmp_path / "table.tsv").write_bytes(table.encode().replace(b"ming", b"m\xefng"))
    with pytest.raises(ConvertError, match=r"table\.tsv:3: is not UTF-8"):
        convert("csv", tmp_path / "table.tsv", tmp_path / "l", column_map=tmp_path / "map.toml")


@pytest.mark.parametrize("out", ["table.tsv", "map.toml", "linked", "table"])
def test_nothing_that_is_read_is_written_over(tmp_path: Path, out: str):
    table = tmp_path / ("table.part" if out == "table" else "table.tsv")
    table.write_text(TABLE.format(at=T0), "utf-8")
    (tmp_path / "map.toml").write_text(COLUMNS.replace("UNIT", "ms"), "utf-8")
    (tmp_path / "linked").symlink_to(table)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ConvertError, match="would be written over"):
        convert("csv", table, tmp_path / out, column_map=tmp_path / "map.toml")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_map_goes_with_csv_alone(tmp_path: Path):
    with pytest.raises(ConvertError, match="belongs to csv"):
        log_of(tmp_path, "csv", TABLE)
    with pytest.raises(ConvertError, match="belongs to csv"):
        log_of(tmp_path, "kuairand", TABLE, COLUMNS)


def test_the_map_in_the_documentation_can_be_used(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "convert.md").read_text("utf-8")
    block = page.split("```toml\n", 1)[1].split("```", 1)[0]
    table = page.split("```csv\n", 1)[1].split("```", 1)[0]
    (tmp_path / "doc.toml").write_text(block, "utf-8")
    assert load(tmp_path / "doc.toml").event
    events = log_of(tmp_path, "csv", table, block)
    assert Counter(type(event).__name__ for event in events) == {
        "Room": 2, "Impression": 2, "Click": 1, "Order": 1,
    }  # fmt: skip
