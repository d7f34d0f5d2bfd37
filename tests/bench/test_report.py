"""A page of figures takes in what was measured later, on the same machine alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.measure import RunError, Spread
from bench.report import Row, added, write_report

HERE = {"cores": "2"}


def row(section: str, what: str, value: float, at_most: float | None = None) -> Row:
    return Row(section, what, "ms", Spread(value, value, value, 1), "measure", at_most=at_most)


def test_sections_measured_anew_stand_in_place_of_the_old(tmp_path: Path):
    old = [row("Speed", "fast", 1.0), row("Soak", "flat", 9.0, 2.0), Row("Gone", "x", "", None, "")]
    write_report(tmp_path, old, {"this page": "all"}, HERE)
    new = [row("Soak", "flat", 1.5, 2.0), row("Stall", "long", 3.0)]
    rows, settings = added(tmp_path, new, "some", HERE)
    assert rows == [old[0], old[2], *new]
    assert settings == {"this page": "all", "added: Soak, Stall": "some"}
    write_report(tmp_path, rows, settings, HERE)
    stored = json.loads((tmp_path / "benchmarks.json").read_text("utf-8"))
    assert [one["met"] for one in stored["rows"]] == [None, None, True, None]


def test_figures_of_another_machine_are_refused(tmp_path: Path):
    write_report(tmp_path, [row("Speed", "fast", 1.0)], {}, HERE)
    with pytest.raises(RunError, match="measured elsewhere: measure all of it anew"):
        added(tmp_path, [row("Soak", "flat", 1.0)], "some", {"cores": "3"})
