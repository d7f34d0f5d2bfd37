from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from decisions.outputs import Delivery, Write
from flows import cli
from flows.screens import Screens

ROOT = Path(__file__).parents[2]


def trial(out: Path, processes: int) -> dict[str, Any]:
    files = [f"--policy={ROOT / 'policies' / name}.toml" for name in ("popularity", "content")]
    size = "--worlds 1 --minutes 4 --warm-up 4 --viewers 80 --resamples 200"
    command = ["ab", *files, "--out", str(out), *size.split(), "--processes", str(processes)]
    assert cli.main(command) == 0
    made: dict[str, Any] = msgspec.json.decode((out / "metrics.json").read_bytes())
    return made


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trial")


@pytest.fixture(scope="module")
def figures(out: Path) -> dict[str, Any]:
    return trial(out, 2)


def test_lists_that_fit_are_worth_more_to_those_who_see_them(figures: dict[str, Any]):
    found = figures["arms"]["content"]
    assert found["differences"]["utility"]["value"] > 0.0
    assert found["differences"]["utility"]["real"]
    assert found["differences"]["rooms_effective"]["value"] > 0.0
    assert found["figures"]["decided"]["value"] > 0.5
    small = {name: arm["figures"]["exposure.small"] for name, arm in figures["arms"].items()}
    assert small["popularity"]["high"] < small["content"]["low"]
    assert found["worst_segment"]["of"] == "utility"


@pytest.mark.usefixtures("figures")
def test_the_page_stands_beside_the_figures(out: Path):
    assert (out / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_trial_repeats(out: Path, figures: dict[str, Any], tmp_path: Path):
    assert trial(tmp_path, 1) == figures


def _value(*rooms: str) -> bytes:
    items = [{"room_id": room, "propensity": 0.9} for room in rooms]
    return msgspec.json.encode({"v": 1, "items": items})


def test_a_screen_shows_the_newest_list():
    screens = Screens(2)
    assert screens.ask("u") is None
    screens.put(Delivery(writes=[Write("u", "recs", 1, _value("a", "b", "c"))]))
    assert screens.ask("u") == (None, ["a", "b"], [0.9, 0.9])
    screens.put(Delivery(writes=[Write("u", "tags", 2, b"{}")]))
    screens.put(Delivery(erased=[("u", "recs")], writes=[Write("u", "recs", 3, _value("d"))]))
    assert screens.ask("u") == (None, ["d"], [0.9])
    screens.put(Delivery(erased=[("u", "recs")]))
    assert screens.ask("u") is None
