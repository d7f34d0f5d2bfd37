from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import svg
from evaluation.compare import compare
from evaluation.dates import moment_text
from evaluation.measure import Measured, measure
from evaluation.page import render
from tests.evaluation.journals import journal

NAMES = ("steady", "<b>bold & brave</b>")
_VOID = {"meta"}


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    both: list[Measured] = [
        measure(name, journal(seed), ("engagement", "quick_leave", "order"), 0.1, 1)
        for seed, name in enumerate(NAMES)
    ]
    return {"title": "Backtest", "logs": ["log.jsonl"], **compare(both, 50, 1)}


class _Reader(HTMLParser):
    """Finds whether every element is closed, and what the page asks for from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        self.asked += [str(value) for name, value in attrs if name in ("src", "href", "data")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a plot without anything in it."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_needs_nothing_but_itself(figures: dict[str, Any]):
    page = render(figures)
    reader = _Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.asked == []
    assert "<script" not in page
    assert not re.search(r"url\(|@import|https?:", page)
    assert page == render(figures)


def test_names_stand_there_as_they_are(figures: dict[str, Any]):
    page = render(figures)
    assert "<b>bold" not in page
    reader = _Reader()
    reader.feed(page)
    assert NAMES[1] in reader.text


def test_light_and_dark(figures: dict[str, Any]):
    page = render(figures)
    assert "color-scheme: light dark" in page
    plain, dark = page.split("prefers-color-scheme: dark", 1)
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", page)) - {"--tone"}
    for name in used:
        assert f"{name}:" in plain, name
        assert f"{name}:" in dark.split("}", 1)[0], name


def test_one_policy_alone_has_no_differences(figures: dict[str, Any]):
    first = next(iter(figures["policies"]))
    page = render({**figures, "policies": {first: figures["policies"][first]}})
    assert "Differences" not in page
    assert "1 policy over" in page


def test_a_log_without_propensities_says_so(figures: dict[str, Any]):
    policies = {name: {**held, "off_policy": None} for name, held in figures["policies"].items()}
    assert "holds no propensities" in render({**figures, "policies": policies})


def test_a_difference_is_called_real_by_its_interval(figures: dict[str, Any]):
    assert all(held["off_policy"]["thin"] for held in figures["policies"].values())
    for held in figures["policies"].values():
        for name, one in held["differences"].items():
            if one.get("low") is None or name.startswith("off_policy."):
                assert not one["real"], "nothing to go by, or too little"
            else:
                assert one["real"] == (one["low"] > 0 or one["high"] < 0)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 9))
def test_ticks_span_what_is_drawn(low: float, width: float, about: int):
    found = svg.ticks(low, low + width, about)
    slack = 1e-6 * max(1.0, abs(low), width)
    assert found[0] <= low + slack
    assert found[-1] >= low + width - slack
    assert len(found) <= about + 3


def test_a_plot_of_nothing_says_so():
    assert "nothing to draw" in svg.lines([], "none", svg.number)
    assert "nothing to draw" in svg.intervals([], "none")


def test_long_periods_are_told_in_days():
    assert moment_text(0, 3_600_000)(0) == "00:00"
    assert moment_text(0, 10 * 86_400_000)(0) == "1970-01-01"
