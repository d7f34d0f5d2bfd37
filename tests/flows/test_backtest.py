from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from decisions.judged import JudgedList
from decisions.judged_more import Acted, Offered
from evaluation.journal import RoomRow, read
from flows import cli
from flows.backtest import EVALUATION, PolicyRun, finish_policy, run_policy
from flows.policies import load_policies
from flows.processes import supervise
from flows.settings import Settings, SettingsError
from flows.stop import Stop
from models.judged import Judged

ROOT = Path(__file__).parents[2]
POLICIES = ("default", "popularity", "content")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    assert cli.main(["simulate", "--out", str(path), "--events", "6000", "--seed", "1"]) == 0
    return path


@pytest.fixture(scope="module")
def out(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backtest")
    files = [f"--policy={ROOT / 'policies' / name}.toml" for name in POLICIES]
    command = ["backtest", str(log), *files, "--out", str(folder), *options(log)]
    # Popularity alone keeps small hosts from being seen.
    assert cli.main([*command, "--strict"]) == 3
    return folder


def options(log: Path) -> list[str]:
    """Few resamples, and a bound that a short log can tell of."""
    common = log.with_name("common.toml")
    common.write_text("[bounds]\nsmall_exposure_min = 0.58\n")
    return ["--resamples", "100", "--settings", str(common)]


@pytest.fixture(scope="module")
def figures(out: Path) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode((out / "metrics.json").read_bytes())
    return made


def test_every_policy_has_its_figures(figures: dict[str, Any]):
    assert list(figures["policies"]) == list(POLICIES)
    for name, held in figures["policies"].items():
        assert held["counts"]["lists"] > 100
        assert 0.0 < held["figures"]["shown.ndcg@10"]["value"] < 1.0
        assert 0.0 < held["figures"]["live.mrr"]["value"] < 1.0
        assert held["figures"]["off_policy.dr"]["low"] < held["figures"]["off_policy.dr"]["high"]
        assert held["off_policy"]["effective_sample_size"] > 10.0
        assert (held["differences"] == {}) == (name == "default")
    same = {name: held["figures"]["logged.mrr"] for name, held in figures["policies"].items()}
    assert len({str(value) for value in same.values()}) == 1, "the log is the same for all"


def test_a_difference_that_there_is_is_found(figures: dict[str, Any]):
    """In the simulator tastes decide: knowing nothing of them ranks worse, and really so."""
    found = figures["policies"]["popularity"]["differences"]["live.mrr"]
    assert found["value"] < 0.0
    assert found["real"]


def test_a_bound_that_is_broken_is_named_with_its_policy(figures: dict[str, Any]):
    found = {
        name: {one["bound"]: one["verdict"] for one in held["bounds"] if one["of"][0] == "e"}
        for name, held in figures["policies"].items()
    }
    assert found["popularity"] == {"small_exposure_min": "broken"}
    assert found["content"] == {"small_exposure_min": "kept"}
    quality = [one for one in figures["policies"]["content"]["bounds"] if one["of"][0] != "e"]
    assert len(quality) == 8, "for each segment, beside all and beside the first policy"
    for held in figures["policies"].values():
        assert 0.0 < held["worst_segment"]["value"] <= 1.0
        shares = [held["figures"][f"exposure_share.{size}"]["value"] for size in ("small", "large")]
        assert 0.0 < sum(shares) < 1.0


def test_lists_beside_the_slate_are_judged(out: Path, figures: dict[str, Any]):
    lines = (out / "default" / EVALUATION).read_bytes().splitlines()
    offers = sum(line.startswith(b'{"row":"more"') for line in lines)
    held = figures["policies"]["default"]
    assert held["counts"]["offers"] == offers > 20
    for sort in ("products", "previews"):
        assert 0.0 <= held["figures"][f"more.{sort}.hr"]["value"] < 1.0


def test_a_policy_sets_its_own_bounds(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text("[bounds]\nsmall_exposure_min = 0.9\n")
    (policy,) = load_policies([str(own)], None, {})
    assert policy.settings.bounds.small_exposure_min == 0.9
    own.write_text("[bounds]\nsegment_loss_max = 2\n")
    with pytest.raises(SettingsError, match=r"\[bounds\]: segment_loss_max is a share"):
        load_policies([str(own)], None, {})


def test_the_page_stands_beside_the_figures(out: Path):
    page = (out / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    for name in POLICIES:
        assert name in page


def test_the_same_backtest_gives_the_same_bytes(log: Path, out: Path, tmp_path: Path):
    files = [f"--policy={ROOT / 'policies' / name}.toml" for name in POLICIES]
    command = ["backtest", str(log), *files, "--out", str(tmp_path), *options(log)]
    assert cli.main([*command, "--processes", "1"]) == 0, "a broken bound alone is no failure"
    for name in ("metrics.json", "report.html", f"default/{EVALUATION}"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name


def test_two_processes_judge_as_one(log: Path, out: Path, tmp_path: Path):
    job = PolicyRun((str(log),), str(tmp_path), 2, Settings())
    worker = "flows.commands.backtest_worker"
    supervise(job, lambda share, events: None, Stop(), worker=worker)
    finish_policy(job)
    assert (tmp_path / EVALUATION).read_bytes() == (out / "default" / EVALUATION).read_bytes()


def test_any_cut_into_rounds_judges_alike(log: Path, out: Path, tmp_path: Path):
    flow = dataclasses.replace(Settings().flow, chunk_rows=501)
    settings = dataclasses.replace(Settings(), flow=flow)
    job = PolicyRun((str(log),), str(tmp_path), 1, settings)
    run_policy(job, 0, None, lambda share, events: None, Stop())
    finish_policy(job)
    one, other = (
        read((folder / EVALUATION).read_bytes().splitlines())
        for folder in (tmp_path, out / "default")
    )
    assert one.users == other.users
    assert one.rooms.changes == other.rooms.changes
    for name in ("user", "shown_ms", "slate", "best", "room", "score", "rank", "engaged"):
        mine, theirs = getattr(one.lists, name), getattr(other.lists, name)
        assert np.array_equal(mine, theirs, equal_nan=mine.dtype == float), name
    assert np.array_equal(one.examples.logits, other.examples.logits)


def test_decide_and_learn_see_the_same_score(out: Path):
    """What a list is ranked by is the utility that LEARN says was served for its items."""
    decoder = msgspec.json.Decoder(JudgedList | Judged | RoomRow | Offered | Acted)
    scored: dict[tuple[str, int, str], float] = {}
    served: dict[tuple[str, int, str], float] = {}
    for line in (out / "default" / EVALUATION).read_bytes().splitlines():
        row = decoder.decode(line)
        if isinstance(row, JudgedList):
            for at, score in enumerate(row.scores):
                if score is not None:
                    key = (row.user_id, row.shown_ms, f"{row.request_id}/{row.place + at}")
                    scored[key] = score
        elif isinstance(row, Judged) and row.engaged >= 0:
            served[row.user_id, row.shown_ms, row.event_id] = row.logits[-1]
    both = sorted(scored.keys() & served.keys())
    assert len(both) > 500
    apart = np.array([abs(scored[key] - served[key]) for key in both])
    # Kept vectors are float32; a list that came late is judged at another second.
    assert np.quantile(apart, 0.9) < 1e-4


def test_judging_changes_no_decision(log: Path, tmp_path: Path):
    """A replay's own figures are the same with and without."""
    assert cli.main(["replay", str(log), "--out", str(tmp_path / "plain")]) == 0
    job = PolicyRun((str(log),), str(tmp_path), 1, Settings())
    run_policy(job, 0, None, lambda share, events: None, Stop())
    finish_policy(job)
    plain = msgspec.json.decode((tmp_path / "plain" / "metrics.json").read_bytes())
    judged = msgspec.json.decode((tmp_path / "replay.json").read_bytes())
    for name in ("events", "slates", "examples", "users", "push", "models", "ranking"):
        assert judged[name] == plain[name], name


def test_a_policy_is_laid_over_the_settings(tmp_path: Path):
    base, over = tmp_path / "base.toml", tmp_path / "bold.toml"
    base.write_text("[slate]\nexplore_share = 0.2\nhost_max = 3\n")
    over.write_text("[slate]\nexplore_share = 0.4\n[learn]\nlearn = false\n")
    (policy,) = load_policies([str(over)], str(base), {"LIVELOOM_SLATE_POOL": "30"})
    assert policy.name == "bold"
    assert policy.settings.slate.explore_share == 0.4
    assert policy.settings.slate.host_max == 3
    assert policy.settings.slate.pool == 30
    assert not policy.settings.learn.learn


def test_what_is_wrong_with_a_policy_is_told(tmp_path: Path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[slate]\nexplore = 1\n")
    with pytest.raises(SettingsError, match=r"no setting slate\.explore"):
        load_policies([str(wrong)], None, {})
    twin = tmp_path / "twin" / "wrong.toml"
    twin.parent.mkdir()
    twin.write_text("")
    wrong.write_text("")
    with pytest.raises(SettingsError, match="two policies are named wrong"):
        load_policies([str(wrong), str(twin)], None, {})


def test_the_policies_that_come_with_it_are_valid():
    files = sorted(str(path) for path in (ROOT / "policies").glob("*.toml"))
    assert len(load_policies(files, None, {})) == len(files) >= 4


def test_a_policy_that_is_wrong_stops_before_anything_runs(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("slate = 3\n")
    out = tmp_path / "out"
    assert cli.main(["backtest", str(log), "--policy", str(wrong), "--out", str(out)]) == 1
    assert "slate is no section" in capsys.readouterr().err
    assert not out.exists()
    missing = ["backtest", os.devnull + "x", "--policy", str(ROOT / "policies" / "default.toml")]
    assert cli.main([*missing, "--out", str(out)]) == 1
    assert not out.exists()
