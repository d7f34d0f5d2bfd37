"""Every part of the rankers is asked for what it is worth, over one log, by the flow itself."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from bench.ablation import FIGURES, PARTS, main, without_tags, write_policies
from flows import cli
from flows.settings import Settings, load
from models.settings import columns_without


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    assert cli.main(["simulate", "--out", str(path), "--events", "2500", "--seed", "3"]) == 0
    return path


def test_each_change_differs_from_the_default_and_each_feature_has_its_turn(tmp_path: Path):
    as_they_are, *changed = [load(path, {}) for path in write_policies(tmp_path, PARTS)]
    assert as_they_are == Settings()
    assert len(changed) == len(PARTS)
    every = {name for settings in changed for name in settings.feature_names}
    left_out = set[str]()
    for settings in changed:
        assert settings != as_they_are
        names = settings.feature_names
        left_out.update(every.difference(names))
        left_out.update(names[place] for place in columns_without(settings.learn, names))
    assert left_out == every - {"list_position"}


def test_without_tags_nothing_else_is_changed(log: Path, tmp_path: Path):
    without_tags(log, tmp_path / "bare.jsonl")
    before, after = (
        log.read_bytes().splitlines(),
        (tmp_path / "bare.jsonl").read_bytes().splitlines(),
    )
    assert len(before) == len(after)
    changed = 0
    for one, other in zip(before, after, strict=True):
        if one != other:
            told = orjson.loads(one)
            assert {**told, "tags": []} == orjson.loads(other)
            assert told["kind"] in ("room", "host", "product")
            changed += 1
    assert changed > 20


def test_the_table_says_what_each_part_is_worth(log: Path, capsys: pytest.CaptureFixture[str]):
    few = ("without tag match", "with neighbours and attention")
    main([str(log), *(word for what in few for word in ("--change", what))])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if "[" in line]
    assert [next(what for what in few if line.startswith(what)) for line in lines] == [
        what for what in few for _ in FIGURES
    ]


def test_a_change_that_is_not_known_is_refused(log: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main([str(log), "--change", "without luck"])
    assert "without luck" in capsys.readouterr().err
