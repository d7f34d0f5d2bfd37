from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.outputs import Decision
from sinks.dead_letters import dead_letter_runs, merge_dead_letters
from sinks.decision_lines import DecisionLines
from sinks.decision_log import DecisionRuns, clear_decisions, line, merge_decisions, order
from sinks.runs import RunMismatch, RunWriter, merge_runs

keys = st.tuples(
    st.integers(0, 4_102_444_800_000),
    st.text(st.sampled_from("ab\0\1é茶𠮷"), min_size=1, max_size=4),
    st.integers(0, 2**40),
)


def decision(time_ms: int, user: str, seq: int) -> Decision:
    return Decision(time_ms, user, seq, "recs", b'{"n":%d}' % seq)


@given(keys, keys)
def test_the_order_of_keys_is_that_of_time_user_and_number(
    one: tuple[int, str, int], other: tuple[int, str, int]
):
    assert (order(decision(*one)) < order(decision(*other))) == (one < other)


@given(keys)
def test_a_line_is_json_of_the_decision(key: tuple[int, str, int]):
    assert orjson.loads(line(decision(*key))) == {
        "event_time_ms": key[0],
        "user_id": key[1],
        "seq": key[2],
        "type": "recs",
        "value": {"n": key[2]},
    }


@given(
    st.sets(keys, max_size=40),
    st.integers(1, 4),
    st.integers(1, 7),
    st.integers(1, 400),
    st.integers(2, 5),
    st.data(),
)
def test_any_partitions_chunks_and_blocks_give_the_same_sorted_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    made: set[tuple[int, str, int]],
    parts: int,
    chunk: int,
    block_bytes: int,
    files_open: int,
    data: st.DataObject,
):
    folder = tmp_path_factory.mktemp("runs")
    shuffled = data.draw(st.permutations(sorted(made)))
    logs = [DecisionRuns(folder, f"{part:03d}") for part in range(parts)]
    for start in range(0, len(shuffled), chunk):
        some = [decision(*key) for key in shuffled[start : start + chunk]]
        logs[start % parts].append(some)
    for log in logs:
        log.close()
    out = folder / "decisions.jsonl"
    count = merge_runs(folder, "decisions-", out, block_bytes=block_bytes, files_open=files_open)
    assert count == len(made)
    assert out.read_bytes() == b"".join(line(decision(*key)) for key in sorted(made))
    assert not [path for path in folder.iterdir() if path.is_dir()]


def test_a_log_taken_back_and_written_again_holds_each_decision_once(tmp_path: Path):
    log = DecisionRuns(tmp_path, "000")
    log.append([decision(1, "a", 1), decision(2, "a", 2)])
    end = log.snapshot()
    log.append([decision(3, "a", 3)])
    log.close()  # killed after this was on disk
    resumed = DecisionRuns(tmp_path, "000")
    resumed.restore(end)
    resumed.append([decision(3, "a", 3), decision(4, "a", 4)])
    resumed.close()
    assert merge_decisions(tmp_path, tmp_path / "out") == 4
    lines = (tmp_path / "out").read_bytes().splitlines()
    assert [orjson.loads(text)["seq"] for text in lines] == [1, 2, 3, 4]


def test_the_same_decision_from_two_partitions_stands_once(tmp_path: Path):
    for part in ("000", "001"):
        log = DecisionRuns(tmp_path, part)
        log.append([decision(1, "a", 1)])
        log.close()
    assert merge_decisions(tmp_path, tmp_path / "out") == 1
    clear_decisions(tmp_path)
    assert merge_decisions(tmp_path, tmp_path / "out") == 0
    assert (tmp_path / "out").read_bytes() == b""


def test_a_file_shorter_than_the_saved_state_is_refused(tmp_path: Path):
    with pytest.raises(RunMismatch, match="has 0 bytes and the saved state expects 10"):
        DecisionRuns(tmp_path, "000").restore(10)


def test_a_cut_file_is_refused(tmp_path: Path):
    runs = RunWriter(tmp_path, "x")
    runs.append([(b"key", b"body")])
    runs.close()
    for cut in (3, 12):
        with open(tmp_path / "x.run", "r+b") as file:
            file.truncate(15 - cut)
        with pytest.raises(RunMismatch, match="ends within a record"):
            merge_runs(tmp_path, "x", tmp_path / "out")


def test_dead_letters_are_sorted_by_row(tmp_path: Path):
    for part, rows in (("000", (300, 7)), ("001", (2, 256))):
        letters = dead_letter_runs(tmp_path, part)
        letters.append((row, "log", b'{"row":%d}' % row) for row in rows)
        letters.close()
    assert merge_dead_letters(tmp_path, tmp_path / "out") == 4
    lines = (tmp_path / "out").read_bytes().splitlines()
    assert [orjson.loads(text)["row"] for text in lines] == [2, 7, 256, 300]


@pytest.mark.parametrize("users", [["a", "b"], ["a\0", "a"], ["\0", "\0\xff"]])
def test_the_decisions_of_who_is_forgotten_leave_and_lengths_stay(tmp_path: Path, users: list[str]):
    gone, other = users
    log = DecisionRuns(tmp_path, "000")
    log.append([Decision(at, who, at, "slate", b"[1]") for at in range(3) for who in users])
    log.forget([gone])
    log.append([Decision(9, gone, 1, "slate", b"[2]")])
    end = log.snapshot()
    log.close()
    left = [(other, 0), (other, 1), (other, 2), (gone, 9)]
    for _ in range(2):
        assert merge_decisions(tmp_path, tmp_path / "out") == 4
        rows = [orjson.loads(text) for text in (tmp_path / "out").read_bytes().splitlines()]
        assert [(row["user_id"], row["event_time_ms"]) for row in rows] == left
        resumed = DecisionRuns(tmp_path, "000")
        resumed.restore(end)
        resumed.close()


def test_lines_of_who_is_forgotten_are_blanked_at_the_next_start(tmp_path: Path):
    log, path = DecisionLines(tmp_path, "000"), tmp_path / "decisions-000.jsonl"
    log.append([Decision(1, "someone-gone", 1, "push", b"{}"), Decision(2, "b", 1, "push", b"{}")])
    log.forget(["someone-gone"])
    assert all(b"someone-gone" not in one.read_bytes() for one in tmp_path.glob("*.forgotten"))
    log.append([Decision(3, "someone-gone", 1, "push", b"{}")])
    end = log.snapshot()
    log.close()
    resumed = DecisionLines(tmp_path, "000")
    resumed.restore(end)
    resumed.append([Decision(4, "b", 2, "push", b"{}")])
    resumed.close()
    rows = [orjson.loads(text) for text in path.read_bytes().splitlines()]
    assert [row.get("event_time_ms") for row in rows] == [None, 2, 3, 4]
    assert rows[0] == {"type": "forgotten"}
    assert list(tmp_path.iterdir()) == [path]
