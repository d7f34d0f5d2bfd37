"""How good served predictions were as time went on, each judged before its label was learnt."""

from __future__ import annotations

import numpy as np

from evaluation.arrays import Flags, Floats, Ints
from evaluation.resample import Resamples
from models.auc import exact_auc

_BINS = 2_000
_AUC_RESAMPLES = 200  # an AUC is no sum over users, so each resample is a pass over all rows


def log_losses(logits: Floats, labels: Flags) -> Floats:
    """The log-loss of each prediction in nats."""
    losses: Floats = np.logaddexp(0.0, np.where(labels, -logits, logits))
    return losses


def calibration_curve(
    logits: Floats, labels: Flags, weights: Floats, bins: int
) -> list[tuple[float, float, float]]:
    """(mean probability, share of positives, weight) of bins that hold equally many rows."""
    if len(logits) == 0:
        return []
    probability = 1.0 / (1.0 + np.exp(-np.clip(logits, -500.0, 500.0)))
    curve = []
    for part in np.array_split(np.argsort(probability, kind="stable"), bins):
        weight = float(weights[part].sum())
        if weight > 0.0:
            stated = float((probability[part] * weights[part]).sum()) / weight
            came = float((labels[part] * weights[part]).sum()) / weight
            curve.append((stated, came, weight))
    return curve


def calibration_error(curve: list[tuple[float, float, float]]) -> float:
    """Mean distance of stated from true probability over the bins, by weight; NaN without any."""
    total = sum(weight for _, _, weight in curve)
    if total <= 0.0:
        return float("nan")
    return sum(abs(stated - came) * weight for stated, came, weight in curve) / total


def auc(logits: Floats, labels: Flags, weights: Floats) -> float:
    """The exact weighted AUC; NaN without both labels."""
    value = exact_auc(logits, labels, weights) if len(logits) else None
    return float("nan") if value is None else value


def resampled_aucs(
    user: Ints, logits: Floats, labels: Flags, weights: Floats, resamples: Resamples
) -> Floats:
    """AUCs of resamples of users, over 2,000 bins of equally many rows."""
    fewer = Resamples(resamples.users, min(resamples.resamples, _AUC_RESAMPLES), resamples.seed)
    edges = np.unique(np.quantile(logits, np.arange(1, _BINS) / _BINS)) if len(logits) else logits
    place = np.searchsorted(edges, logits, side="right")
    bins = len(edges) + 1
    made = []
    for block in fewer.counts():
        for counts in block:
            drawn = weights * counts[user]
            above = np.bincount(place, drawn * labels, bins)
            below = np.bincount(place, drawn * ~labels, bins)
            pairs = above.sum() * below.sum()
            area = float(above @ (np.cumsum(below) - below / 2))
            made.append(area / pairs if pairs > 0.0 else float("nan"))
    return np.array(made)


def over_time(moments_ms: Ints, values: Floats, slices: int) -> list[tuple[int, float]]:
    """(middle time in ms, mean) of slices of equally many rows in order of time; NaN left out."""
    kept = np.flatnonzero(np.isfinite(values))
    order = kept[np.argsort(moments_ms[kept], kind="stable")]
    return [
        (int(moments_ms[part].mean()), float(values[part].mean()))
        for part in np.array_split(order, min(slices, max(1, len(order) // 20)))
        if len(part)
    ]


def models_over_time(
    moments_ms: Ints, logits: Floats, labels: Flags, weights: Floats, slices: int
) -> dict[str, list[tuple[int, float]]]:
    """`auc` and `log_loss` as (middle time in ms, figure) of slices of equally many rows."""
    order = np.argsort(moments_ms, kind="stable")
    losses = log_losses(logits, labels) * weights
    made: dict[str, list[tuple[int, float]]] = {"auc": [], "log_loss": []}
    for part in np.array_split(order, min(slices, max(1, len(order) // 100))):
        if len(part) == 0:
            continue
        middle_ms = int(moments_ms[part].mean())
        made["log_loss"].append((middle_ms, float(losses[part].sum() / weights[part].sum())))
        value = auc(logits[part], labels[part], weights[part])
        if np.isfinite(value):
            made["auc"].append((middle_ms, value))
    return made
