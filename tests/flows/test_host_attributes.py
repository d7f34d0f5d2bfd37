"""Slots of attributes keep their names, so a recovery folder is for runs that name them alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import cli


def test_hosts_that_begin_to_name_slots_need_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    log, chosen = tmp_path / "log.jsonl", tmp_path / "chosen.toml"
    chosen.write_text("[catalogue]\nhost_attributes = true\n")
    assert cli.main(["simulate", "--out", str(log), "--events", "300", "--seed", "3"]) == 0
    options = ["--out", str(tmp_path / "out"), "--recovery", str(tmp_path / "state")]
    assert cli.main(["replay", str(log), *options]) == 0
    assert cli.main(["replay", str(log), *options]) == 0
    assert cli.main(["replay", str(log), *options, "--settings", str(chosen)]) == 1
    assert "was made with host_attributes False, not True" in capsys.readouterr().err
