"""Policies side by side: each figure with its interval, each difference with whether it is real."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation import progressive
from evaluation.arrays import Floats, ratio
from evaluation.beside import Figures, beside_the_first, plain, rounded
from evaluation.bounds import bounds_of, worst_segment
from evaluation.measure import CLIP_MAX, Measured
from evaluation.resample import (
    Resamples,
    percentile,
    studentised,
    studentised_difference,
)

QUALITIES = ("shown.ndcg@10", "live.ndcg@10")
"""What a policy's quality for a kind of user goes by; the second where lists have one item each."""
OFF_POLICY = ("logged", "ips", "snips", "dr")


def compare(policies: Sequence[Measured], resamples: int, seed: int) -> Figures:
    """All figures of all policies, ready for JSON; differences are to the first policy.

    Users that one policy's journal holds and another's does not count there with nothing.
    """
    facts = {"clip_max": CLIP_MAX}
    return beside_the_first(policies, resamples, seed, _Resampled, _tell, "policies", facts)


def _tell(policy: Measured, own: _Resampled, first: _Resampled | None) -> Figures:
    return {
        "counts": policy.counts,
        "period_ms": list(policy.period_ms),
        "figures": own.figures(),
        "differences": {} if first is None else own.differences(first),
        "coverage": {name: rounded(value) for name, value in policy.coverage.items()},
        "bounds": bounds_of(policy.bounds, own, first, QUALITIES),
        "worst_segment": worst_segment(own, QUALITIES),
        "off_policy": _off_policy(policy),
        "calibration": {
            model: [[rounded(part) for part in row] for row in curve]
            for model, curve in policy.curves.items()
        },
        "over_time": {
            name: [[at_ms, rounded(value)] for at_ms, value in series]
            for name, series in policy.over_time.items()
        },
    }


class _Resampled:
    """A policy's figures as they come out in each resample of the users of all policies."""

    def __init__(self, policy: Measured, users: Sequence[str], draws: Resamples) -> None:
        self._draws = draws
        number = {user: place for place, user in enumerate(users)}
        index = np.array([number[user] for user in policy.users], dtype=np.int64)

        def spread(values: Floats) -> Floats:
            wide = np.zeros(len(users))
            wide[index] = values
            return wide

        self._ratios = {
            name: (spread(above), spread(below)) for name, (above, below) in policy.sums.items()
        }
        self.values = {name: ratio(*sums) for name, sums in self._ratios.items()}
        self.counted = {
            name: int(np.count_nonzero(below)) for name, (_, below) in self._ratios.items()
        }
        columns = draws.ratios(
            np.stack([above for above, _ in self._ratios.values()], axis=1),
            np.stack([below for _, below in self._ratios.values()], axis=1),
        )
        self.resampled = dict(zip(self._ratios, columns.T, strict=True))
        for model, rows in policy.predictions.items():
            name, user = f"{model}.auc", index[rows.user]
            self.values[name] = progressive.auc(rows.logits, rows.labels, rows.weights)
            self.resampled[name] = progressive.resampled_aucs(
                user, rows.logits, rows.labels, rows.weights, draws
            )
            error = f"{model}.calibration_error"
            self.values[error] = progressive.calibration_error(policy.curves[model])
        self.off_policy: dict[str, tuple[Floats, Floats]] = {}
        self.thin = policy.off_policy is None or policy.off_policy.thin
        if policy.off_policy is not None:
            sums = policy.off_policy
            self.off_policy = {
                name: (spread(sums.above[name]), spread(sums.below[name])) for name in OFF_POLICY
            }

    def figures(self) -> Figures:
        """Each figure with its interval, where it has one."""
        made: Figures = {}
        for name, value in self.values.items():
            resampled = self.resampled.get(name)
            interval = None if resampled is None else percentile(value, resampled)
            made[name] = plain(value, interval)
        for name, (above, below) in self.off_policy.items():
            interval = studentised(above, below, self._draws)
            made[f"off_policy.{name}"] = plain(ratio(above, below), interval)
        return made

    def differences(self, baseline: _Resampled) -> Figures:
        """Each figure less the baseline's, in pairs."""
        made: Figures = {}
        for name, value in self.values.items():
            if name not in baseline.values:
                continue
            difference = value - baseline.values[name]
            interval = None
            if name in self.resampled and name in baseline.resampled:
                interval = percentile(difference, self.resampled[name] - baseline.resampled[name])
            made[name] = plain(difference, interval, real=True)
        for name, sums in self.off_policy.items():
            if name in baseline.off_policy and name != "logged":
                interval = studentised_difference(sums, baseline.off_policy[name], self._draws)
                difference = ratio(*sums) - ratio(*baseline.off_policy[name])
                found = plain(difference, interval, real=True)
                # Where the log says too little, not even an interval without 0 is evidence.
                found["real"] = found["real"] and not (self.thin or baseline.thin)
                made[f"off_policy.{name}"] = found
        return made


def _off_policy(policy: Measured) -> Figures | None:
    sums = policy.off_policy
    if sums is None:
        return None
    return {
        "decisions": sums.decisions,
        "effective_sample_size": rounded(sums.effective),
        "clipped_share": rounded(sums.clipped),
        "weight_mean": rounded(sums.weight_mean),
        "thin": sums.thin,
    }
