"""Shelves on disk: as of the checkpoint that is named, wherever the shard goes, and no others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.recovery import RecoveryError
from flows.shelf_folder import begin_run
from flows.shelf_store import Store
from flows.shelf_stores import Stores
from tests.waiting import until

SHARDS = 4
ROOT = Path(__file__).parents[2]


class Holder:
    """A kernel that holds one value, and puts it on its shelf when it is asked to write."""

    def __init__(self, store: Store, shard: int, place: str = "") -> None:
        self.store, self.shard = store, shard
        self.shelf = store.shelves(shard, place)("x")
        self.value = b""
        store.enter(shard, self)

    def hold(self, value: bytes) -> Holder:
        self.value = value
        self.store.change()
        return self

    def write(self) -> None:
        self.shelf.put("value", self.value)

    def place(self) -> str:
        return self.store.place(self.shard)


Open = Callable[..., Stores]


@pytest.fixture
def opened(tmp_path: Path):
    """Opens the stores of a process; `begins` a new run before."""
    held: list[Stores] = []

    def open_them(process: int = 0, workers: int = 1, begins: bool = True) -> Stores:
        if begins:
            begin_run(tmp_path)
        own = [shard for shard in range(SHARDS) if shard % workers == process]
        held.append(Stores(str(tmp_path), process, workers, SHARDS, own, 1))
        return held[-1]

    yield open_them
    for stores in held:
        stores.close()


def checkpoints(folder: Path, run: int) -> list[str]:
    """The checkpoints of OBSERVE's first process."""
    own = folder / "shelves" / str(run) / "observe-0"
    return sorted(path.name for path in own.iterdir() if path.name != "work")


def test_a_shard_goes_on_from_the_checkpoint_that_its_snapshot_names(opened: Open):
    store = opened().observe
    one = Holder(store, 1).hold(b"first")
    places = [one.place()]
    for value in (b"second", b"third"):
        places.append(one.hold(value).place())
    one.hold(b"lost").write()
    assert Holder(opened().observe, 1, places[2]).shelf.get("value") == b"third"
    assert Holder(opened().observe, 1, places[1]).shelf.get("value") == b"second"


def test_one_checkpoint_serves_all_shards_of_an_epoch(opened: Open):
    store = opened().observe
    holders = [Holder(store, shard).hold(b"%d" % shard) for shard in range(SHARDS)]
    assert len({holder.place() for holder in holders}) == 1
    before = holders[0].place()
    assert holders[2].hold(b"new").place() != before


def test_rescaling_brings_each_shard_to_its_new_process(opened: Open):
    places = {}
    for process in (0, 1):
        store = opened(process, 2, begins=process == 0).observe
        for shard in range(process, SHARDS, 2):
            places[shard] = Holder(store, shard).hold(b"%d" % shard).place()
    store = opened().observe
    for shard, place in places.items():
        held = Holder(store, shard, place)
        assert list(held.shelf.items()) == [("value", b"%d" % shard)]
        places[shard] = held.hold(b"%d again" % shard).place()
    for process in (0, 1):
        store = opened(process, 2, begins=process == 0).observe
        for shard in range(process, SHARDS, 2):
            held = Holder(store, shard, places[shard])
            assert list(held.shelf.items()) == [("value", b"%d again" % shard)]


def test_what_a_shard_left_behind_elsewhere_does_not_come_back(opened: Open):
    first = opened(0, 1).observe
    places = {s: Holder(first, s).hold(b"old").place() for s in range(SHARDS)}
    moved = {}
    for process in (0, 1):
        store = opened(process, 2, begins=process == 0).observe
        for shard in range(process, SHARDS, 2):
            holder = Holder(store, shard, places[shard])
            holder.shelf.delete("value")
            holder.shelf.put("other", b"new")
            holder.hold(b"new")
            moved[shard] = holder
    places = {shard: holder.place() for shard, holder in moved.items()}
    back = opened(0, 1).observe
    for shard, place in places.items():
        shelf = Holder(back, shard, place).shelf
        assert dict(shelf.items()) == {"value": b"new", "other": b"new"}


def test_old_checkpoints_are_removed_but_none_that_a_shard_still_names(
    opened: Open, tmp_path: Path
):
    store = opened().observe
    idle, busy = Holder(store, 0).hold(b"idle"), Holder(store, 1)
    idle.place()
    for number in range(6):
        busy.hold(b"%d" % number).place()
    assert until(lambda: checkpoints(tmp_path, 1) == ["1", "6", "7"])
    idle.place()
    busy.hold(b"end").place()
    assert until(lambda: checkpoints(tmp_path, 1) == ["7", "8"])


def test_earlier_runs_are_removed_once_all_processes_have_settled(opened: Open, tmp_path: Path):
    def through(stores: Stores, epochs: int) -> None:
        for store in (stores.observe, stores.decide, stores.rooms):
            if store is None:
                continue
            holders = [Holder(store, shard) for shard in sorted(store._own)]
            for epoch in range(epochs):
                for holder in holders:
                    holder.hold(b"%d" % epoch)
                for holder in holders:
                    holder.place()

    through(opened(), 2)
    first, second = opened(0, 2), opened(1, 2, begins=False)
    through(first, 2)
    assert (tmp_path / "shelves" / "1").exists(), "the other process may still need it"
    through(second, 2)
    until(lambda: not (tmp_path / "shelves" / "1").exists())
    assert (tmp_path / "shelves" / "2").exists()


def test_a_run_begun_again_keeps_what_the_attempt_before_made_durable(opened: Open):
    place = Holder(opened().observe, 0).hold(b"kept").place()
    again = opened(begins=False).observe
    assert Holder(again, 0, place).shelf.get("value") == b"kept"


def test_a_missing_checkpoint_is_told(opened: Open):
    with pytest.raises(RecoveryError, match=r"is not there: .*shelves folder of every machine"):
        Holder(opened().observe, 0, "7/observe-0/3")


@pytest.mark.parametrize("what", ["cut", "gone", "changed"])
def test_a_damaged_checkpoint_is_told(opened: Open, tmp_path: Path, what: str):
    holder = Holder(opened().observe, 0)
    for number in range(1_000):
        holder.shelf.put(f"{number}", b"%d" % number * 50)
    place = holder.hold(b"x").place()
    table = next((tmp_path / "shelves" / place).glob("*.sst"))
    body = table.read_bytes()
    table.unlink()
    if what == "cut":
        table.write_bytes(body[: len(body) // 2])
    elif what == "changed":
        table.write_bytes(body[:2_000] + bytes(64) + body[2_064:])
    with pytest.raises(RecoveryError, match="restore the recovery folder from a backup"):
        list(Holder(opened().observe, 0, place).shelf.items())


FULL = """
import random, resource, sys
from flows.shelf_folder import begin_run
from flows.shelf_stores import Stores
from pathlib import Path
begin_run(Path(sys.argv[1]))
store = Stores(sys.argv[1], 0, 1, 1, [0], 1).observe
shelf = store.shelves(0)("x")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for number in range(2_000):
    shelf.put(str(number), random.Random(number).randbytes(1_000))
try:
    store.place(0)
except Exception as problem:
    print(type(problem).__name__, problem)
"""


def test_a_full_disk_is_told(tmp_path: Path):
    """A file may not grow past a limit there, which the system tells much like a full disk."""
    ran = subprocess.run(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
         + FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.stdout.startswith("RecoveryError the disk of"), ran.stderr
    assert "make room and start again" in ran.stdout
