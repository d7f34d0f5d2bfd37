"""Every byte that a run leaves: what a test searches for somebody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.rocks import open_database, pairs


def bytes_of_folder(*folders: Path) -> bytes:
    """The names and the bytes of all files below; of RocksDB its content too, uncompressed."""
    found: list[bytes] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            found.append(path.name.encode())
            if path.is_file():
                found.append(path.read_bytes())
            elif (path / "CURRENT").exists():
                database = open_database(path, 1, reads_only=True)
                found += [part for pair in pairs(database, b"", b"") for part in pair]
                database.close()
    return b"\n".join(found)


def bytes_of_redis(client: Any) -> bytes:
    """All keys and values."""
    found: list[bytes] = []
    for key in sorted(client.keys("*")):
        kind = client.type(key)
        found.append(key)
        if kind == b"string":
            found.append(client.get(key))
        elif kind == b"set":
            found += sorted(client.smembers(key))
        elif kind == b"zset":
            found += client.zrange(key, 0, -1)
        elif kind == b"hash":
            found += [part for pair in client.hgetall(key).items() for part in pair]
        else:
            found += [entry[b"d"] for _, entry in client.xrange(key)]
    return b"\n".join(found)
