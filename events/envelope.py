"""Bytes at rest carry their kind, version, length and checksum, so that damage has a name."""

from __future__ import annotations

import struct

import xxhash

from events.errors import StateError

_HEADER = struct.Struct("<4sHIQ")


def seal(kind: bytes, version: int, payload: bytes) -> bytes:
    """The payload behind a header of 18 bytes: kind (4), version, length, XXH3 of the payload."""
    check = xxhash.xxh3_64_intdigest(payload)
    return _HEADER.pack(kind, version, len(payload), check) + payload


def unseal(
    kind: bytes, version: int, data: bytes, what: str = "", oldest: int | None = None
) -> bytes:
    """The payload of sealed bytes; `what` they hold, in words, is for the error's message.

    Versions from `oldest` on are read too: those that lack the last fields alone, which have
    defaults. Raises `StateError` when they are cut, damaged, of another kind or another version.
    """
    what = what or kind.decode(errors="replace")
    if len(data) < _HEADER.size:
        raise StateError.unreadable(what, ValueError(f"{len(data)} bytes, less than a header"))
    found_kind, found_version, length, check = _HEADER.unpack_from(data)
    if found_kind != kind:
        raise StateError.unreadable(what, ValueError(f"bytes of kind {found_kind!r}"))
    if not (version if oldest is None else oldest) <= found_version <= version:
        raise StateError.version(what, found_version, version)
    payload = data[_HEADER.size :]
    if len(payload) != length:
        raise StateError.unreadable(what, ValueError(f"{len(payload)} of {length} bytes"))
    if xxhash.xxh3_64_intdigest(payload) != check:
        raise StateError.unreadable(what, ValueError("the checksum does not fit"))
    return payload
