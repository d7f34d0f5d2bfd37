"""What the reports are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from evaluation.style import STYLE

TONES = 6


def document(title: str, parts: Iterable[str]) -> str:
    """A whole page, with its style in it."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        + "\n".join(parts)
        + "</main></body></html>\n"
    )


def section(title: str, text: str, body: str) -> str:
    """A part of the page under its heading."""
    note = f'<p class="note">{text}</p>' if text else ""
    return f"<section><h2>{title}</h2>{note}{body}</section>"


def bounds_section(table: str) -> str:
    """The part that says whether bounds are kept."""
    return section(
        "Bounds",
        "What a policy is held to, whoever it is better for. A bound is broken when all of its "
        "interval lies below, kept when all of it reaches it, unsure in between or with too few "
        "users.",
        card(table),
    )


def card(body: str) -> str:
    """A framed box; what is too wide for it scrolls."""
    return f'<div class="card">{body}</div>'


def legend(names: Sequence[str]) -> str:
    """Which colour is whose."""
    keys = "".join(
        f'<span class="key t{place % TONES}">{escape(name)}</span>'
        for place, name in enumerate(names)
    )
    return f'<div class="legend">{keys}</div>'
