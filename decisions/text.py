"""Texts as they stand in JSON."""

from __future__ import annotations

import msgspec

_encode = msgspec.json.Encoder().encode


def json_text(text: str) -> str:
    """A text with its quotes, escaped for JSON."""
    return _encode(text).decode()
