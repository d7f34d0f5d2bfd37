"""Shelves on disk: whoever is erased is in no byte of what a restart goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.shelf_folder import SHELVES, ShelfFolder, begin_run
from flows.shelf_store import Store
from tests.stores import bytes_of_folder

SHARDS = [0, 1]
NAMES = ["aa first", "mm middle", "zz last"]


def begun(folder: Path) -> Store:
    begin_run(folder)
    return Store(ShelfFolder(folder, "observe", 0, 2), len(SHARDS), SHARDS, 1)


def at_rest(store: Store) -> str:
    store.change()
    return [store.place(shard) for shard in SHARDS][-1]


@pytest.mark.parametrize("gone", NAMES)
def test_an_erased_key_is_in_no_file_after_a_restart(tmp_path: Path, gone: str):
    """Not even in the list of files, which has the first and the last key of each."""
    store = begun(tmp_path)
    shelf = store.shelves(0)("u")
    for name in NAMES:
        shelf.put(name, b"x" * 100)
    at_rest(store)
    shelf.delete(gone)
    store.erased()
    place = at_rest(store)
    store.close()
    assert gone.encode() in bytes_of_folder(tmp_path / SHELVES)
    again = begun(tmp_path)
    assert [name for name, _ in again.shelves(0, place)("u").items()] == [
        name for name in NAMES if name != gone
    ]
    at_rest(again)
    assert gone.encode() not in bytes_of_folder(tmp_path / SHELVES / "2")
    again.close()
