"""The catalogue's tags that a search contains, as of a place in the log."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ASCII_WORD = re.compile(r"[0-9a-z]", re.ASCII)


class TagSearch:
    """All tags by the event that first named each; longer ones than `length_max` are not found."""

    def __init__(self, length_max: int) -> None:
        self._length_max = length_max
        self._tags: set[str] = set()
        self._words: dict[str, list[tuple[str, int]]] = {}
        self._lengths: set[int] = set()

    def learn(self, seq: int, tags: Iterable[str]) -> None:
        """Take the tags that an event names."""
        for tag in tags:
            if tag not in self._tags:
                self._tags.add(tag)
                word = tag.casefold()
                if word and len(word) <= self._length_max:
                    self._words.setdefault(word, []).append((tag, seq))
                    self._lengths.add(len(word))

    def tags_in(self, query: str, seq: int) -> list[str]:
        """The tags known by then that a text contains, those in Latin script as whole words."""
        text = query.casefold()
        found: dict[str, None] = {}
        for length in sorted(self._lengths):
            for start in range(len(text) - length + 1):
                word = text[start : start + length]
                tags = self._words.get(word)
                if tags is None or not _stands_alone(text, start, start + length):
                    continue
                for tag, known_since in tags:
                    if known_since <= seq:
                        found[tag] = None
        return sorted(found)


def _stands_alone(text: str, start: int, stop: int) -> bool:
    """Whether text[start:stop] does not cut a Latin word in two."""
    inside_left = start > 0 and _latin(text[start]) and _latin(text[start - 1])
    inside_right = stop < len(text) and _latin(text[stop - 1]) and _latin(text[stop])
    return not (inside_left or inside_right)


def _latin(character: str) -> bool:
    return _ASCII_WORD.match(character) is not None
