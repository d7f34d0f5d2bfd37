"""The page on Redis keys says what the code writes, and its code ages weights as ours does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.outputs import HEAD_BYTES, head
from features.ladder import SIZES_MIN, WINDOWS, Ladder
from features.tags_value import tags_value
from features.user import new_user
from models.registry import LEARNERS
from sinks.ageing import TILE_MS, WINDOW_MS, aged
from sinks.keys import Keys
from sinks.settings import RedisSettings

PAGE = (Path(__file__).parents[2] / "docs" / "redis-keys.md").read_text("utf-8")
START_MS = 1_767_225_600_000
DAY_MS = 86_400_000

Age = Callable[[dict[str, list[int]], int, int], dict[str, list[int]]]


def age_on_the_page() -> Age:
    """The function of the page's first block of Python."""
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    scope: dict[str, Any] = {"TILE_MS": TILE_MS, "WINDOW_MS": WINDOW_MS}
    exec(code, scope)
    age: Age = scope["age"]
    return age


AGE = age_on_the_page()
amounts = st.integers(-6_000, 6_000).filter(bool)
times = st.integers(0, 9 * DAY_MS) | st.integers(0, 4 * 60 * 60_000)


@given(st.lists(st.tuples(times, amounts), min_size=1, max_size=25), times)
def test_ageing_as_on_the_page_gives_the_code_s_weights(
    signals: list[tuple[int, int]], silence_ms: int
):
    ladder = Ladder(tags={})
    for time_ms, thousandths in signals:
        ladder.add(START_MS + time_ms, ["tea"], thousandths)
    tiles = {
        name: [n for slot in sorted(tag.tiles.items()) for n in slot]
        for name, tag in ladder.tags.items()
    }
    now_ms = ladder.newest_ms + silence_ms
    told = {
        tag: tuple(w / 1000 for w in sums)
        for tag, sums in AGE(tiles, ladder.newest_ms, now_ms).items()
    }
    wanted = aged(tiles, ladder.newest_ms, now_ms)
    assert {tag: sums for tag, sums in told.items() if tag in wanted} == wanted
    assert not any(any(sums) for tag, sums in told.items() if tag not in wanted)
    held = {tag: tuple(w / 1000 for w in sums) for tag, sums in ladder.weights_at(now_ms).items()}
    assert {tag: sums for tag, sums in told.items() if any(sums)} == {
        tag: sums for tag, sums in held.items() if any(sums)
    }


def test_the_code_on_the_page_is_ten_lines():
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0].strip().splitlines()
    assert len(code) - 2 == 10, "without its first and last line"


def test_the_ladder_on_the_page_is_that_of_the_code():
    rows = re.findall(r"^\| (\d) \| ([\d,]+) min \| `(\w+)` \|$", PAGE, re.MULTILINE)
    told = [(int(level), int(size.replace(",", "")), window) for level, size, window in rows]
    assert told == [(i, SIZES_MIN[i], WINDOWS[i]) for i in range(len(WINDOWS))]
    assert tuple(size * 60_000 for size in SIZES_MIN) == TILE_MS


def test_every_key_on_the_page_is_one_that_the_code_names():
    keys = Keys(RedisSettings().prefix, RedisSettings().push_streams)
    told = re.findall(r"^\| `(ll:[^`]+)` \|", PAGE, re.MULTILINE)
    assert told == [
        *(keys.user("U", name) for name in ("tags", "recs", "more", "push")),
        keys.push_out(0).replace("0", "N"),
        keys.push_ids(0).replace("0", "N"),
        *(keys.rooms, keys.room("R"), keys.model("NAME"), keys.health, keys.epoch),
    ]


def test_versions_stand_where_the_page_says():
    longest = head(4_133_980_800_000 + 10**9, 4_133_980_800_000)
    assert longest.index(b',"as_of_ms"') < HEAD_BYTES
    assert f"first {HEAD_BYTES} bytes" in PAGE
    assert head(0, 0).startswith(b'{"v":1,"version":')
    assert '{"v":1,"version":…' in PAGE


def test_the_example_of_tags_is_what_the_code_writes():
    example = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    user = new_user(example["as_of_ms"])
    user.signals = 12
    user.ladder.add(example["as_of_ms"], ["护肤"], 2_500)
    _, body = tags_value(user)
    written = json.loads(body)
    assert list(written) == list(example)
    assert written["version"] == example["version"]
    slots = example["tiles"]["护肤"][::2]
    newest = [example["as_of_ms"] // size % 16 for size in TILE_MS]
    assert slots[0] == newest[0]
    assert all(slot < 64 for slot in slots)
    weights = AGE(example["tiles"], example["as_of_ms"], example["as_of_ms"])["护肤"]
    assert [w / 1000 for w in weights] == example["weights"]["护肤"]


def test_every_model_is_named():
    for spec in LEARNERS:
        assert f"`{spec.name}`" in PAGE


@pytest.mark.parametrize("setting", ["ttl_ms", "push_streams", "prefix"])
def test_the_settings_that_it_names_exist(setting: str):
    assert f"`{setting}`" in PAGE
    assert hasattr(RedisSettings(), setting)
