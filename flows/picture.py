"""What a command shows as an SVG picture: for a page, with nothing fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

from rich.console import Console

_COLUMNS = 100
_FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
font-family: ui-monospace, monospace; font-size: {char_height}px; line-height: {line_height}px;
}}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own frame asks a server for its font."""


def picture(title: str, draw: Callable[[Console], None]) -> str:
    """A terminal in which `draw` has drawn, as SVG."""
    out = Console(
        file=StringIO(), record=True, width=_COLUMNS, highlight=False, emoji=False, markup=False
    )
    draw(out)
    return out.export_svg(title=title, code_format=_FRAME)
