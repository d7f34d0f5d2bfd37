"""Texts as they stand in JSON."""

from __future__ import annotations

from functools import lru_cache

import msgspec

_encode = msgspec.json.Encoder().encode


@lru_cache(10_000)
def json_text(text: str) -> str:
    """A text with its quotes, escaped for JSON."""
    return _encode(text).decode()
