"""Whether a policy keeps its bounds: exposure of small hosts, quality for every kind of user.

A mean over all may rise while some pay for it. Each bound is a ratio that is to be at least so
much, with its interval over users: broken by a real difference when all of the interval lies
below, kept when all of it reaches it, and unsure in between. Quality is the first of the names
given that there is a value of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from evaluation.arrays import Floats
from evaluation.beside import Figures, plain
from evaluation.resample import Interval, percentile
from evaluation.segments import SEGMENTS
from evaluation.settings import BoundSettings

KEPT, BROKEN, UNSURE = "kept", "broken", "unsure"
EXPOSURE = "exposure.small"

Bound = dict[str, Any]
"""For JSON: `bound` (its setting), `of` (the figure), `least`, `value`, `low`, `high`, `users`,
`verdict`."""


class Figured(Protocol):
    """A policy's figures, as they are and in each resample, and of how many users each is."""

    values: dict[str, float]
    resampled: dict[str, Floats]
    counted: dict[str, int]


def bounds_of(
    settings: BoundSettings, own: Figured, first: Figured | None, qualities: Sequence[str]
) -> list[Bound]:
    """Every bound that can be judged; `first` is the policy that others are compared with."""
    quality = _quality(own, qualities)
    made = []
    if settings.small_exposure_min and np.isfinite(_value(own, EXPOSURE)):
        least = settings.small_exposure_min
        drawn = own.values[EXPOSURE], own.resampled[EXPOSURE]
        users = own.counted[EXPOSURE]
        made.append(_judged(settings, "small_exposure_min", EXPOSURE, least, drawn, users))
    if quality is None:
        return made
    for segment in SEGMENTS:
        figure = f"{segment}.{quality}"
        for bound, most, other, against in (
            ("segment_gap_max", settings.segment_gap_max, own, quality),
            ("segment_loss_max", settings.segment_loss_max, first, figure),
        ):
            if most and other is not None and np.isfinite(_value(own, figure)):
                drawn = _quotient(own, figure, other, against)
                users = min(own.counted[figure], other.counted.get(against, 0))
                made.append(_judged(settings, bound, figure, 1.0 - most, drawn, users))
    return made


def _quality(own: Figured, qualities: Sequence[str]) -> str | None:
    return next((name for name in qualities if np.isfinite(_value(own, name))), None)


def _value(own: Figured, name: str) -> float:
    return own.values.get(name, float("nan"))


def _quotient(own: Figured, figure: str, other: Figured, against: str) -> tuple[float, Floats]:
    below, drawn_below = _value(other, against), other.resampled.get(against)
    if not below > 0.0 or drawn_below is None:
        return float("nan"), np.zeros(0)
    above = own.resampled[figure]
    drawn: Floats = np.full(len(above), np.nan)
    np.divide(above, drawn_below, out=drawn, where=drawn_below > 0.0)
    return own.values[figure] / below, drawn


def _judged(
    settings: BoundSettings,
    bound: str,
    figure: str,
    least: float,
    drawn: tuple[float, Floats],
    users: int,
) -> Bound:
    value, resampled = drawn
    interval = percentile(value, resampled)
    verdict = UNSURE
    if interval is not None and users >= settings.users_min:
        verdict = BROKEN if interval.high < least else KEPT if interval.low >= least else UNSURE
    return {
        "bound": bound,
        "of": figure,
        "least": round(least, 6),
        **_within(value, interval),
        "users": users,
        "verdict": verdict,
    }


def _within(value: float, interval: Interval | None) -> Figures:
    return {"value": None, "low": None, "high": None} | plain(value, interval)


def worst_segment(own: Figured, qualities: Sequence[str]) -> Bound | None:
    """The kind of user served worst, beside all: its share of their quality, with its interval."""
    quality = _quality(own, qualities)
    if quality is None:
        return None
    drawn = {name: _quotient(own, f"{name}.{quality}", own, quality) for name in SEGMENTS}
    found = [(value, name) for name, (value, _) in drawn.items() if np.isfinite(value)]
    if not found:
        return None
    value, segment = min(found)
    return {"segment": segment, "of": quality, **_within(value, percentile(*drawn[segment]))}


def broken(policies: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Bound]]:
    """Each policy with each bound that it breaks by a real difference."""
    for name, policy in policies.items():
        for one in policy["bounds"]:
            if one["verdict"] == BROKEN:
                yield name, one
