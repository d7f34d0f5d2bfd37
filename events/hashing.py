"""Hashes that are the same in every process, on every machine and in every year."""

from __future__ import annotations

from collections.abc import Iterable

import xxhash

_UNIT = 1.0 / (1 << 53)


def hash64(text: str) -> int:
    """A stable 64-bit hash of a text (XXH3; Python's `hash` differs from process to process)."""
    return xxhash.xxh3_64_intdigest(text.encode())


def shard_of(user: str, shards: int) -> int:
    """The shard of a user, in [0, shards)."""
    return xxhash.xxh3_64_intdigest(user.encode()) % shards


def hashes64(texts: Iterable[str]) -> list[int]:
    """`hash64` of each text, at less cost a text."""
    digest = xxhash.xxh3_64_intdigest
    return [digest(text.encode()) for text in texts]


def uniform(text: str, seed: int) -> float:
    """A number in [0, 1) that depends on text and seed alone: randomness without a state."""
    return (xxhash.xxh3_64_intdigest(text.encode(), seed) >> 11) * _UNIT


def uniforms(texts: Iterable[str], seed: int) -> list[float]:
    """`uniform` of each text, at less cost a text."""
    digest = xxhash.xxh3_64_intdigest
    return [(digest(text.encode(), seed) >> 11) * _UNIT for text in texts]
