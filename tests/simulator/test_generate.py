"""The open loop: any number of lines, the same for the same seed, in nearly the order of time."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.generate import Simulation, generate
from simulator.settings import PRESETS, SimulatorSettings, preset

SMALL = replace(preset("demo"), viewers=80, hosts=26)


def digest(settings: SimulatorSettings, seed: int, lines: int) -> str:
    return hashlib.sha256(b"\n".join(generate(settings, seed, lines))).hexdigest()


def test_same_seed_same_bytes_and_another_seed_other_bytes():
    assert digest(SMALL, 1, 5_000) == digest(SMALL, 1, 5_000)
    assert digest(SMALL, 1, 5_000) != digest(SMALL, 2, 5_000)


def test_same_bytes_whatever_python_hashes_with():
    code = (
        "import hashlib; from simulator.generate import generate;"
        "from simulator.settings import preset;"
        "print(hashlib.sha256(b'\\n'.join(generate(preset('demo'), 3, 4000))).hexdigest())"
    )
    root = Path(__file__).parents[2]
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert digests == {digest(preset("demo"), 3, 4_000) + "\n"}


def test_a_shorter_log_is_the_beginning_of_a_longer_one():
    longer = list(generate(SMALL, 4, 3_000))
    assert len(longer) == 3_000
    assert list(generate(SMALL, 4, 1_111)) == longer[:1_111]
    simulation = Simulation(SMALL, 4)
    parts = [list(simulation.lines(n)) for n in (1, 0, 999, 2_000)]
    assert list(itertools.chain(*parts)) == longer


def test_defects_do_not_change_what_happens():
    clean = replace(SMALL, duplicate_share=0, disorder_share=0, late_share=0, broken_share=0)
    straight = list(generate(clean, 6, 4_000))
    rough = set(generate(SMALL, 6, 4_000))
    # Those at the end may still be on their way.
    assert len(set(straight[:3_000]) - rough) < 30


def test_catalogue_comes_first_and_only_disorder_breaks_the_order_of_time(log):
    kinds = [event["kind"] for event in log.events]
    first_person = next(i for i, e in enumerate(log.events) if e["kind"] == "impression")
    hosts = log.settings.hosts
    assert kinds[:first_person].count("host") == hosts
    assert kinds[:first_person].count("room") == hosts
    times = [event["event_time_ms"] for event in log.events]
    behind = sum(a > b for a, b in itertools.pairwise(times))
    share = log.settings.disorder_share + log.settings.late_share + log.settings.duplicate_share
    assert 0 < behind < 1.3 * share * len(times)
    assert min(times) == log.settings.start_ms


def test_rate_of_events_is_kept(log):
    span_s = (log.truth.newest_ms - log.settings.start_ms) / 1_000
    assert len(log.lines) / span_s == pytest.approx(log.settings.events_per_second, rel=0.05)


def test_people_who_go_are_replaced_so_that_a_small_world_never_runs_dry():
    fickle = replace(SMALL, silence_share=0.9, erase_share=0.05)
    simulation = Simulation(fickle, 1)
    assert sum(1 for _ in simulation.lines(12_000)) == 12_000
    assert len(simulation.truth.silent) > fickle.viewers


def test_unknown_preset_and_impossible_world_are_refused():
    with pytest.raises(ValueError, match="not one of demo, strangers, bench, bench_dense"):
        preset("nonsense")
    with pytest.raises(ValueError, match="viewers"):
        SimulatorSettings(viewers=0)
    assert set(PRESETS) == {"demo", "strangers", "bench", "bench_dense"}
