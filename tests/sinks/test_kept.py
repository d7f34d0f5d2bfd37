from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from decisions.outputs import CardWrite, Push, RoomWrite, Write, head
from sinks.kept import Held, Kept, KeptError

BASE = 1_767_225_600_000
DAY_MS = 86_400_000


def tags(user: str, number: int, name: str = "tags", as_of_ms: int = BASE) -> Write:
    return Write(user, name, BASE + number, head(BASE + number, as_of_ms) + b'"x":0}')


def push(number: int, user: str = "a", at_ms: int | None = None) -> Push:
    at_ms = BASE + number if at_ms is None else at_ms
    return Push(f"p{number}", user, at_ms, b'{"n":%d}' % number)


def everything(kept: Kept, count: int = 3) -> list[Held]:
    found: list[Held] = []
    at: bytes | None = b""
    while at is not None:
        some, at = kept.after(at, count)
        assert len(some) <= count
        found += some
    return found


people = st.sampled_from(["a", "ab", "b", "a\0", "}x", "\ud7ff", "人"])
steps = st.one_of(
    st.tuples(st.just("value"), people, st.sampled_from(["tags", "recs", "push"])),
    st.tuples(st.just("push"), people, st.integers(0, 9)),
    st.tuples(st.just("erase"), people, st.sampled_from(["tags", "recs", "push"])),
    st.tuples(st.just("reopen"), st.none(), st.none()),
)


@given(st.lists(steps, max_size=30))
@hypothesis_settings(max_examples=30, deadline=None)
def test_it_holds_what_a_dictionary_would(drawn: list[Any]):
    folder = Path(tempfile.mkdtemp())
    kept = Kept(folder / "k", True)
    values: dict[tuple[str, str], Write] = {}
    pushes: dict[str, Push] = {}
    for number, (what, user, detail) in enumerate(drawn):
        if what == "value":
            values[user, detail] = tags(user, number, detail)
            kept.note([values[user, detail]])
        elif what == "push":
            made = Push(f"{user}-{detail}", user, BASE + detail, b"{}")
            pushes[made.push_id] = made
            kept.note_pushes([made])
        elif what == "erase":
            kept.forget([(user, detail)], [user] if detail == "push" else [])
            values.pop((user, detail), None)
            if detail == "push":
                pushes = {key: one for key, one in pushes.items() if one.user_id != user}
        else:
            kept.close()
            kept = Kept(folder / "k", False)
    found = everything(kept)
    kept.close()
    shutil.rmtree(folder)
    assert len(found) == len(values) + len(pushes)
    assert {(one.user_id, one.name): one for one in found if isinstance(one, Write)} == values
    assert {one.push_id: one for one in found if isinstance(one, Push)} == pushes


def test_rooms_and_models_come_before_users_and_pushes_in_order_of_time(tmp_path: Path):
    kept = Kept(tmp_path, True)
    room = RoomWrite("r1", 7, True, head(7, BASE) + b'"x":0}')
    card = CardWrite("engagement", BASE, head(BASE, BASE) + b'"x":0}')
    kept.note([tags("a", 1), room, card])
    kept.note_pushes([push(9, "z"), push(3, "b"), push(5, "a")])
    assert everything(kept) == [card, push(3, "b"), push(5, "a"), push(9, "z"), room, tags("a", 1)]
    kept.close()


def test_a_writer_that_is_killed_leaves_all_that_it_noted(tmp_path: Path):
    kept = Kept(tmp_path / "own", True)
    kept.note([tags("a", 1), tags("b", 1)])
    kept.forget([("b", "tags")])
    # As `kill -9` leaves it.
    shutil.copytree(tmp_path / "own", tmp_path / "copy")
    kept.close()
    kept = Kept(tmp_path / "copy", False)
    assert everything(kept) == [tags("a", 1)]
    kept.close()
    kept = Kept(tmp_path / "copy", True)
    assert everything(kept) == []
    kept.close()


def test_an_erased_user_is_in_no_byte_once_it_was_opened_again(tmp_path: Path):
    kept = Kept(tmp_path, True)
    for name in ("tags", "recs", "push"):
        kept.note([tags("someone-to-forget", 1, name)])
    kept.note([tags(f"u{number}", 1) for number in range(500)])
    kept.note_pushes([push(1, "someone-to-forget"), push(2, "u1")])
    assert b"someone-to-forget" in _bytes(tmp_path)
    names = ("tags", "recs", "push")
    kept.forget([("someone-to-forget", name) for name in names], ["someone-to-forget"])
    kept.close()
    kept = Kept(tmp_path, False)
    assert len(everything(kept)) == 501
    kept.close()
    assert b"someone-to-forget" not in _bytes(tmp_path)


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_pushes_past_their_guard_and_values_that_redis_let_go_leave(tmp_path: Path):
    kept = Kept(tmp_path, True)
    kept.note_pushes([push(number, "a", BASE + number * DAY_MS) for number in range(5)])
    kept.note([tags("old", 1, as_of_ms=BASE), tags("new", 1, as_of_ms=BASE + 40 * DAY_MS)])
    for _ in range(2):  # the first round finds the newest time
        kept.sweep(30 * DAY_MS, BASE + 3 * DAY_MS)
    left = everything(kept)
    assert [one.push_id for one in left if isinstance(one, Push)] == ["p3", "p4"]
    assert [one.user_id for one in left if isinstance(one, Write)] == ["new"]
    kept.forget([], ["a"])
    assert len(everything(kept)) == 1
    kept.close()


def test_a_folder_in_use_or_damaged_is_said(tmp_path: Path):
    kept = Kept(tmp_path / "own", True)
    with pytest.raises(KeptError, match="cannot be opened"):
        Kept(tmp_path / "own", False)
    kept.note([tags("a", 1)])
    kept.close()
    for path in (tmp_path / "own").glob("MANIFEST*"):
        path.write_bytes(b"x" * 100)
    with pytest.raises(KeptError, match="remove this folder"):
        Kept(tmp_path / "own", False)


def test_a_damaged_table_is_said_and_never_taken_for_the_end(tmp_path: Path):
    kept = Kept(tmp_path / "own", True)
    kept.note([tags(f"u{number}", number) for number in range(2_000)])
    kept.close()
    (table,) = (tmp_path / "own").glob("*.sst")
    body = table.read_bytes()
    middle = len(body) // 3
    table.write_bytes(body[:middle] + bytes(64) + body[middle + 64 :])
    kept = Kept(tmp_path / "own", False)
    with pytest.raises(KeptError, match=r"cannot be read .* remove this folder"):
        everything(kept, 100)
    kept.close()
