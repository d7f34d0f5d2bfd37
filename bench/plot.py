"""Plots as SVG files of their own, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.report import number
from evaluation.svg import Series, lines, svg

_WIDTH, _HEIGHT = 560, 240
_NAMES_WIDTH, _VALUES_WIDTH, _ROW = 240, 60, 22
_STYLE = """<style>
svg { --soft: #5d6470; --grid: #d8d8d2; font: 11.5px system-ui, sans-serif; }
.t0 { --tone: #2563eb; } .t1 { --tone: #d9620d; } .t2 { --tone: #0d8a7c; }
@media (prefers-color-scheme: dark) {
  svg { --soft: #9aa2b0; --grid: #3a404a; }
  .t0 { --tone: #7aa7ff; } .t1 { --tone: #ff9d57; } .t2 { --tone: #45cbb9; }
}
.grid { stroke: var(--grid); }
.tick { fill: var(--soft); }
.bar { fill: var(--tone); }
.line { fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round; }
.dot { fill: var(--tone); }
</style>"""


def write_lines(
    path: Path, series: Sequence[Series], label: str, x_text: Callable[[float], str]
) -> None:
    """Draw the series into a file; `label` is what is read out."""
    _write(path, lines(series, label, x_text, _WIDTH, _HEIGHT), _HEIGHT)


@dataclass(frozen=True)
class Bar:
    """A value from 0 on; `tone` numbers its colour."""

    name: str
    value: float
    tone: int


def write_bars(path: Path, bars: Sequence[Bar], label: str) -> None:
    """Draw bars below each other into a file, each with its name and value."""
    full = max(bar.value for bar in bars) or 1.0
    room = _WIDTH - _NAMES_WIDTH - _VALUES_WIDTH
    height = _ROW * len(bars) + 8
    parts = []
    for place, bar in enumerate(bars):
        y, width = 4 + _ROW * place, room * bar.value / full
        text = f'<text class="tick" y="{y + 15}"'
        parts.append(
            f'{text} x="{_NAMES_WIDTH - 8}" text-anchor="end">{escape(bar.name)}</text>'
            f'<rect class="bar t{bar.tone}" x="{_NAMES_WIDTH}" y="{y + 4}" rx="2" '
            f'width="{width:.1f}" height="{_ROW - 8}"/>'
            f'{text} x="{_NAMES_WIDTH + width + 6:.1f}">{number(bar.value)}</text>'
        )
    _write(path, svg(_WIDTH, height, label, parts), height)


def _write(path: Path, drawn: str, height: int) -> None:
    """A picture of a page, with the colours that it would have from there."""
    size = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
    head, rest = drawn.replace("<svg ", size, 1).split(">", 1)
    path.write_text(f"{head}>{_STYLE}{rest}\n", encoding="utf-8")
