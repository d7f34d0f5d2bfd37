"""Shelves on disk: whoever is erased is in no byte of what a restart goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.shelf_folder import SHELVES, ShelfFolder, begin_run
from flows.shelf_store import Store
from tests.redis_servers import until
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


def test_before_an_epoch_ends_tables_are_written_ahead_of_its_checkpoint(tmp_path: Path):
    begin_run(tmp_path)
    clock, folder = Clock(), ShelfFolder(tmp_path, "observe", 0, 2)
    store = Store(folder, len(SHARDS), SHARDS, 1, epoch_s=10.0, timer=clock)
    shelf = store.shelves(0)("u")

    def tables() -> int:
        return len(list(folder.work.glob("*.sst")))

    for second, wanted in ((9.0, 0), (9.8, 1), (9.9, 1)):
        shelf.put("ann", b"at %.1f" % second)
        clock.now_s = second
        store.change()
        until(lambda wanted=wanted: tables() == wanted)
    place = at_rest(store)
    assert tables() == 2
    shelf.put("ann", b"lost")
    clock.now_s = 15.0
    store.change()
    store.close()
    assert begun(tmp_path).shelves(0, place)("u").get("ann") == b"at 9.9"


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s
