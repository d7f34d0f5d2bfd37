"""What the arms of a trial have left, evaluated: `metrics.json` and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from evaluation.trial import compare_arms, read_arm
from evaluation.trial_page import render_trial
from flows.backtest_report import METRICS, PAGE, write_whole
from flows.policies import Policy
from flows.trial import LINES, World, folder_of

__all__ = ["METRICS", "PAGE", "evaluate_trial"]


def evaluate_trial(
    out: Path, policies: Sequence[Policy], seeds: Sequence[int], world: World, resamples: int
) -> dict[str, Any]:
    """Compare all arms and write both files; gives the figures."""
    arms = [
        read_arm(
            policy.name,
            (
                line
                for seed in seeds
                for line in (folder_of(out, policy, seed) / LINES).read_bytes().splitlines()
            ),
            policy.settings.bounds,
        )
        for policy in policies
    ]
    figures = {
        "worlds": len(seeds),
        "first_seed": seeds[0],
        "minutes": world.during_s / 60,
        "viewers": world.viewers,
        **compare_arms(arms, resamples, seeds[0]),
    }
    write_whole(out / METRICS, msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    write_whole(out / PAGE, render_trial(figures).encode())
    return figures
