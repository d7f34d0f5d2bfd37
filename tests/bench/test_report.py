"""A page of figures takes in what was measured later, on the same machine alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.measure import RunError, Spread
from bench.pictures import PICTURES, draw
from bench.report import Row, added, write_report

HERE = {"cores": "2"}


def row(section: str, what: str, value: float, at_most: float | None = None) -> Row:
    return Row(section, what, "ms", Spread(value, value, value, 1), "measure", at_most=at_most)


def test_sections_measured_anew_stand_in_place_of_the_old(tmp_path: Path):
    old = [row("Speed", "fast", 1.0), row("Soak", "flat", 9.0, 2.0), Row("Gone", "x", "", None, "")]
    write_report(tmp_path, old, {"this page": "all"}, HERE, {})
    new = [row("Soak", "flat", 1.5, 2.0), row("Stall", "long", 3.0)]
    rows, settings = added(tmp_path, new, "some", HERE)
    assert rows == [old[0], old[2], *new]
    assert settings == {"this page": "all", "added: Soak, Stall": "some"}
    write_report(tmp_path, rows, settings, HERE, {})
    stored = json.loads((tmp_path / "benchmarks.json").read_text("utf-8"))
    assert [one["met"] for one in stored["rows"]] == [None, None, True, None]


def test_figures_of_another_machine_are_refused(tmp_path: Path):
    write_report(tmp_path, [row("Speed", "fast", 1.0)], {}, HERE, {})
    with pytest.raises(RunError, match="measured elsewhere: measure all of it anew"):
        added(tmp_path, [row("Soak", "flat", 1.0)], "some", {"cores": "3"})


def test_a_section_shows_its_picture_with_every_bar(tmp_path: Path):
    rates = [("Bytewax, `fold_window`", 2_500.0), ("liveloom, everything on", 17_000.0)]
    made = [row(PICTURES[0].section, what, value) for what, value in rates]
    rows = [replace(one, unit="events a CPU second") for one in made]
    rows += [row("Soak", "flat", 1.0), Row(PICTURES[1].section, "tags, p50", "ms", None, "")]
    pictures = draw(tmp_path, rows)
    assert list(pictures) == [PICTURES[0].section]
    drawn = ElementTree.parse(tmp_path / PICTURES[0].file)
    said = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert said == ["Bytewax, fold_window", "2,500", rates[1][0], "17,000"]
    widths = [float(one.get("width", 0)) for one in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[0] / widths[1] == pytest.approx(2_500 / 17_000, rel=0.01)
    write_report(tmp_path, rows, {}, HERE, pictures)
    assert f"({PICTURES[0].file})" in (tmp_path / "benchmarks.md").read_text("utf-8")


def test_rows_beside_each_other_share_a_note(tmp_path: Path):
    rows = [replace(row("Live", f"p{n}", 1.0), note=note) for n, note in enumerate("aabccc")]
    write_report(tmp_path, rows, {}, HERE, {})
    page = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "- p0 and p1: a\n- p2: b\n- p3 to p5: c\n" in page
