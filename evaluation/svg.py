"""Small plots as inline SVG, coloured by the page, so that they fit light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 14.0, 12.0, 30.0


@dataclass(frozen=True)
class Series:
    """A named line; `tone` numbers its colour."""

    name: str
    points: Sequence[Point]
    tone: int


@dataclass(frozen=True)
class Bar:
    """A value with its interval; `sure` draws it strong."""

    name: str
    value: float
    low: float
    high: float
    tone: int
    sure: bool


@dataclass(frozen=True)
class _Scale:
    """Numbers of one axis to pixels."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that span a range, some of them a little outside of it.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        low, high = low - 0.5, low + 0.5
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1.0, 2.0, 2.5, 5.0) if m * power >= raw), 10.0 * power)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def lines(
    series: Sequence[Series],
    label: str,
    x_text: Callable[[float], str],
    width: int = 560,
    height: int = 240,
    diagonal: bool = False,
) -> str:
    """A line plot; `label` is what is read out, `x_text` writes a number of the x axis.

    With `diagonal` both axes span the same range, y = x is drawn and points are marked.
    """
    points = [point for one in series for point in one.points]
    if not points:
        return '<p class="none">nothing to draw</p>'
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if diagonal:
        xs = ys = [0.0, *xs, *ys]
    y_ticks = ticks(min(ys), max(ys))
    x_ticks = y_ticks if diagonal else _even(min(xs), max(xs))
    across = _Scale(x_ticks[0], _apart(x_ticks), _LEFT, width - _RIGHT)
    up = _Scale(y_ticks[0], _apart(y_ticks), height - _BOTTOM, _TOP)
    parts = [_grid(x_ticks, y_ticks, across, up, x_text, width, height)]
    if diagonal:
        ends = (x_ticks[0], x_ticks[-1])
        parts.append(
            f'<line class="even" x1="{across(ends[0]):.1f}" y1="{up(ends[0]):.1f}" '
            f'x2="{across(ends[1]):.1f}" y2="{up(ends[1]):.1f}"/>'
        )
    for one in series:
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in one.points)
        parts.append(f'<polyline class="line t{one.tone}" points="{path}"/>')
        marked = one.points if diagonal else one.points[-1:]
        for x, y in marked:
            said = escape(f"{one.name}: {number(y)} at {x_text(x)}")
            parts.append(
                f'<circle class="dot t{one.tone}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="3">'
                f"<title>{said}</title></circle>"
            )
    return svg(width, height, label, parts)


def intervals(bars: Sequence[Bar], label: str, width: int = 560) -> str:
    """A forest plot: values with their intervals against 0."""
    if not bars:
        return '<p class="none">nothing to draw</p>'
    left, row = 190.0, 24
    height = row * len(bars) + 34
    marks = ticks(min(0.0, *(bar.low for bar in bars)), max(0.0, *(bar.high for bar in bars)), 4)
    across = _Scale(marks[0], _apart(marks), left, width - 18.0)
    bottom = height - 26.0
    parts = []
    for mark in marks:
        kind = "zero" if mark == 0.0 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{across(mark):.1f}" y1="6" x2="{across(mark):.1f}" '
            f'y2="{bottom:.1f}"/><text class="tick" x="{across(mark):.1f}" y="{bottom + 16:.1f}" '
            f'text-anchor="middle">{number(mark)}</text>'
        )
    for place, bar in enumerate(bars):
        y = 6.0 + row * (place + 0.5)
        strong = "" if bar.sure else " faint"
        said = escape(f"{bar.name}: {bar.value:+.4g} [{bar.low:+.4g}, {bar.high:+.4g}]")
        parts.append(
            f'<g class="t{bar.tone}{strong}"><title>{said}</title>'
            f'<text class="name" x="{left - 12:.0f}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(bar.name)}</text>"
            f'<line class="span" x1="{across(bar.low):.1f}" y1="{y:.1f}" '
            f'x2="{across(bar.high):.1f}" y2="{y:.1f}"/>'
            f'<circle class="dot" cx="{across(bar.value):.1f}" cy="{y:.1f}" r="4.5"/></g>'
        )
    return svg(width, height, label, parts)


def number(value: float) -> str:
    """A number as short as it can be read.

    >>> number(0.25), number(1200.0), number(-0.0)
    ('0.25', '1,200', '0')
    """
    if abs(value) >= 1000.0:
        return f"{value:,.0f}"
    return f"{value:.4g}" if value else "0"


def _apart(marks: Sequence[float]) -> float:
    return marks[-1] if marks[-1] > marks[0] else marks[0] + 1.0


def _even(low: float, high: float, count: int = 4) -> list[float]:
    if not high > low:
        return [low, low + 1.0]
    return [low + (high - low) * place / count for place in range(count + 1)]


def _grid(
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
    across: _Scale,
    up: _Scale,
    x_text: Callable[[float], str],
    width: int,
    height: int,
) -> str:
    parts = []
    for mark in y_ticks:
        y = up(mark)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{width - _RIGHT}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{number(mark)}</text>"
        )
    for mark in x_ticks:
        anchor = "end" if mark == x_ticks[-1] else "middle"
        parts.append(
            f'<text class="tick" x="{across(mark):.1f}" y="{height - 10}" '
            f'text-anchor="{anchor}">{escape(x_text(mark))}</text>'
        )
    return "".join(parts)


def svg(width: int, height: float, label: str, parts: Sequence[str]) -> str:
    """A picture of these parts; `label` is what is read out."""
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f"<title>{escape(label)}</title>{''.join(parts)}</svg>"
    )
