"""A line plot as an SVG file of its own, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evaluation.svg import Series, lines

_WIDTH, _HEIGHT = 560, 240
_STYLE = """<style>
svg { --soft: #5d6470; --grid: #d8d8d2; font: 11.5px system-ui, sans-serif; }
.t0 { --tone: #2563eb; } .t1 { --tone: #d9620d; } .t2 { --tone: #0d8a7c; }
@media (prefers-color-scheme: dark) {
  svg { --soft: #9aa2b0; --grid: #3a404a; }
  .t0 { --tone: #7aa7ff; } .t1 { --tone: #ff9d57; } .t2 { --tone: #45cbb9; }
}
.grid { stroke: var(--grid); }
.tick { fill: var(--soft); }
.line { fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round; }
.dot { fill: var(--tone); }
</style>"""


def write_lines(
    path: Path, series: Sequence[Series], label: str, x_text: Callable[[float], str]
) -> None:
    """Draw the series into a file; `label` is what is read out."""
    drawn = lines(series, label, x_text, _WIDTH, _HEIGHT)
    size = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
    head, rest = drawn.replace("<svg ", size, 1).split(">", 1)
    path.write_text(f"{head}>{_STYLE}{rest}\n", encoding="utf-8")
