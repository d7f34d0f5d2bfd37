"""Shelves on disk: whoever is erased is in no byte of what a restart goes on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.recovery import RecoveryError
from flows.shelf_folder import SHELVES, ShelfFolder, begin_run
from flows.shelf_store import Store
from tests.stores import bytes_of_folder
from tests.waiting import until

SHARDS = [0, 1]
NAMES = ["aa first", "mm middle", "zz last"]
Open = Callable[[], Store]


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


def test_one_shard_is_erased_from_and_another_goes_on_from_a_checkpoint_before(tmp_path: Path):
    store = begun(tmp_path)
    for shard, name in zip(SHARDS, NAMES, strict=False):
        store.shelves(shard)("u").put(name, b"x" * 100)
    before = at_rest(store)
    store.shelves(1)("u").delete(NAMES[1])
    store.erased()
    store.change()
    after = store.place(1)
    store.close()
    assert before != after
    again = begun(tmp_path)
    assert [name for name, _ in again.shelves(0, before)("u").items()] == [NAMES[0]]
    assert list(again.shelves(1, after)("u").items()) == []
    at_rest(again)
    assert NAMES[1].encode() not in bytes_of_folder(tmp_path / SHELVES / "2")
    again.close()


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Kernel:
    """What is put on its shelf is put there when it is asked to write."""

    def __init__(self, store: Store, shard: int, place: str = "", changes: bytes = b"") -> None:
        self._held: dict[str, bytes] = {}
        self._store, self._shard = store, shard
        self.shelf = store.shelves(shard, place, changes)("u")
        store.enter(shard, self)

    def at(self, now_s: float, **values: bytes) -> None:
        clock.now_s = now_s
        self._store.change()
        self._held.update(values)

    def write(self) -> None:
        for key, body in self._held.items():
            self.shelf.put(key, body)
        self._held.clear()

    def stored(self) -> tuple[str, bytes]:
        return self._store.place(self._shard), self._store.changes(self._shard)


clock = Clock()


@pytest.fixture
def early(tmp_path: Path):
    """Opens stores whose epochs last 10 s, and whose checkpoints are made at the ninth second."""
    held: list[Store] = []

    def opened() -> Store:
        clock.now_s = 0.0
        begin_run(tmp_path)
        folder = ShelfFolder(tmp_path, "observe", 0, 2)
        held.append(Store(folder, len(SHARDS), SHARDS, 1, 10.0, 1.0, clock))
        return held[-1]

    yield opened
    for store in held:
        store.close()


def checkpoints(tmp_path: Path) -> list[str]:
    run = tmp_path / SHELVES / "1" / "observe-0"
    return sorted(path.name for path in run.iterdir() if path.name.isdecimal())


def kept_on(tmp_path: Path, early: Open, stored: tuple[str, bytes], shard: int = 0) -> dict:
    return dict(Kernel(early(), shard, *stored).shelf.items())


def test_before_a_checkpoint_its_tables_begin_to_be_written(tmp_path: Path, early: Open):
    store = early()
    kernel, work = Kernel(store, 0), tmp_path / SHELVES / "1" / "observe-0" / "work"
    kernel.at(8.0, ann=b"first")
    kernel.write()
    assert not list(work.glob("*.sst"))
    kernel.at(8.7)
    until(lambda: list(work.glob("*.sst")))
    assert not checkpoints(tmp_path)


def test_a_shard_goes_on_from_an_early_checkpoint_and_what_has_changed_since(
    tmp_path: Path, early: Open
):
    store = early()
    ours, others = (Kernel(store, shard) for shard in SHARDS)
    others.at(1.0, cat=b"theirs")
    ours.at(8.0, ann=b"before", bob=b"before", dan=b"before")
    ours.at(8.7)
    ours.at(9.2, ann=b"after", eve=b"after")
    until(lambda: checkpoints(tmp_path) == ["1"])
    ours.shelf.delete("bob")
    stored = [ours.stored(), others.stored()]
    assert checkpoints(tmp_path) == ["1"]
    assert ours.stored() == stored[0]
    assert stored[0][1]
    assert not stored[1][1]
    ours.at(9.9, ann=b"lost", dan=b"lost")
    ours.write()
    again = early()
    held = [dict(Kernel(again, shard, *stored[shard]).shelf.items()) for shard in SHARDS]
    assert held == [{"ann": b"after", "dan": b"before", "eve": b"after"}, {"cat": b"theirs"}]


def test_whatever_changes_while_a_checkpoint_is_made_is_there_as_it_was_in_the_end(
    tmp_path: Path, early: Open
):
    kernel = Kernel(early(), 0)
    kernel.at(8.0, **{f"user{number}": b"before" * 50 for number in range(2_000)})
    kernel.at(8.7)
    kernel.at(9.2)
    changed = {f"user{number}": b"%d" % number for number in range(0, 2_000, 3)}
    kernel.at(9.3, **changed)
    kernel.write()
    for number in range(1, 2_000, 3):
        kernel.shelf.delete(f"user{number}")
    stored = kernel.stored()
    left = {f"user{number}": b"before" * 50 for number in range(2, 2_000, 3)}
    assert kept_on(tmp_path, early, stored) == changed | left


def test_a_checkpoint_that_cannot_be_made_is_told_of_when_it_is_needed(tmp_path: Path, early: Open):
    kernel = Kernel(early(), 0)
    # Where its folder was to be.
    (tmp_path / SHELVES / "1" / "observe-0" / "1").touch()
    kernel.at(8.7, ann=b"here")
    kernel.at(9.2)
    with pytest.raises(RecoveryError, match="observe-0"):
        kernel.stored()


def test_each_epoch_has_changes_of_its_own_and_lets_go_of_what_nobody_names(
    tmp_path: Path, early: Open
):
    store, stored = early(), []
    kernel = Kernel(store, 0)
    for epoch in range(4):
        begun_s = clock.now_s
        for at_s in (8.7, 9.1, 9.5):
            kernel.at(begun_s + at_s, ann=b"%d" % epoch, **{f"at{epoch}-{at_s}": b""})
        clock.now_s = begun_s + 10.0
        stored.append(kernel.stored())
    until(lambda: checkpoints(tmp_path) == ["3", "4"])
    held = kept_on(tmp_path, early, stored[3])
    assert held["ann"] == b"3"
    assert len(held) == 1 + 4 * 3


def test_too_many_changes_make_a_checkpoint_of_their_own(
    tmp_path: Path, early: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("flows.shelf_changes._ROWS_MAX", 10)
    kernel = Kernel(early(), 0)
    kernel.at(8.7)
    kernel.at(9.1, **{f"user{number}": b"x" for number in range(20)})
    stored = kernel.stored()
    assert checkpoints(tmp_path) == ["1", "2"]
    assert not stored[1]
    assert len(kept_on(tmp_path, early, stored)) == 20


def test_who_is_erased_after_an_early_checkpoint_is_in_no_byte_after_a_restart(
    tmp_path: Path, early: Open
):
    store = early()
    kernel = Kernel(store, 0)
    kernel.at(8.0, **dict.fromkeys(NAMES, b"x" * 100))
    kernel.at(8.7)
    kernel.at(9.2)
    kernel.shelf.delete(NAMES[1])
    store.erased()
    stored = kernel.stored()
    assert not stored[1]
    store.close()
    again = early()
    assert [name for name, _ in Kernel(again, 0, *stored).shelf.items()] == [NAMES[0], NAMES[2]]
    at_rest(again)
    assert NAMES[1].encode() not in bytes_of_folder(tmp_path / SHELVES / "2")
