"""What comes out goes into a folder that one run has for itself, and over nothing that is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows import cli
from flows.failures import BadInput
from flows.out_folder import held

LINE = (
    '{"kind":"click","event_id":"e1","event_time_ms":1767225600000,"user_id":"u","room_id":"r"}\n'
)


def test_one_run_at_a_time_has_the_folder(tmp_path: Path):
    with held(str(tmp_path / "new")) as folder:
        assert folder.is_dir()
        with pytest.raises(BadInput, match="another run writes to"), held(str(folder)):
            pass
    with held(str(folder)):
        pass


def test_no_folder_at_all_is_refused():
    with pytest.raises(BadInput, match="--out is empty"), held(""):
        pass


def test_a_second_run_touches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    log, out, policy = tmp_path / "log.jsonl", tmp_path / "out", tmp_path / "one.toml"
    log.write_text(LINE)
    policy.touch()
    with held(str(out)):
        (out / "metrics.json").write_text("of the first run")
        for argv in (
            ("replay", log, "--out", out),
            ("backtest", log, "--policy", policy, "--out", out),
            ("ab", "--policy", policy, "--out", out),
        ):
            assert cli.main([str(one) for one in argv]) == 1
            assert "another run writes to" in capsys.readouterr().err
        assert [file.name for file in out.iterdir()] == ["metrics.json"]
        assert (out / "metrics.json").read_text() == "of the first run"


@pytest.mark.parametrize("name", ["decisions.jsonl", "linked.jsonl", "hard.jsonl"])
def test_a_log_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str):
    log, policy = tmp_path / "decisions.jsonl", tmp_path / "default.toml"
    log.write_text(LINE)
    policy.write_text("")
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "evaluation.jsonl").hardlink_to(log)
    (tmp_path / "linked.jsonl").symlink_to(log)
    (tmp_path / "hard.jsonl").hardlink_to(log)
    for argv in (["replay"], ["backtest", "--policy", str(policy)]):
        assert cli.main([*argv, str(tmp_path / name), "--out", str(tmp_path)]) == 1
        assert f"{name} is read, and would be written over" in capsys.readouterr().err
        assert log.read_text() == LINE


def test_a_pipe_is_refused_before_anybody_waits_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pipe, policy = tmp_path / "pipe", tmp_path / "one.toml"
    os.mkfifo(pipe)
    policy.touch()
    for argv in (("replay", pipe), ("backtest", pipe, "--policy", policy)):
        assert cli.main([*map(str, argv), "--out", str(tmp_path / "out")]) == 1
        assert "pipe is no file: save what comes through it" in capsys.readouterr().err
    assert cli.main(["validate", str(pipe)]) == 1
    assert "pipe is no file: save what comes through it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_an_earlier_replay_left_is_gone_when_the_next_fails(tmp_path: Path):
    log, out = tmp_path / "log.jsonl", tmp_path / "out"
    log.write_text(LINE)
    assert cli.main(["replay", str(log), "--out", str(out)]) == 0
    assert (out / "decisions.jsonl").exists()
    nobody = f"unix://{tmp_path}/nobody.sock"
    assert cli.main(["replay", str(log), "--out", str(out), "--redis", nobody]) == 1
    assert not [name for name in out.iterdir() if name.suffix in (".json", ".jsonl")]
