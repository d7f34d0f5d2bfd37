"""Policies beside each other: each by itself, and as it differs from the first, ready for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from evaluation.resample import Interval, Resamples

Figures = dict[str, Any]


class Named(Protocol):
    """What a policy left, and whom it was for."""

    @property
    def name(self) -> str:
        """The policy's."""

    @property
    def users(self) -> Sequence[str]:
        """Sorted."""


P = TypeVar("P", bound=Named)
R = TypeVar("R")


def beside_the_first(
    policies: Sequence[P],
    resamples: int,
    seed: int,
    draw: Callable[[P, Sequence[str], Resamples], R],
    tell: Callable[[P, R, R | None], Figures],
    kind: str,
    facts: Mapping[str, Any],
) -> Figures:
    """What is told of each policy, under `kind`, ready for JSON.

    All are drawn over the same users, those of all policies. `draw` gives a policy's figures as
    they come out in each resample, `tell` what to say of it beside the first one's.
    """
    users = sorted(set().union(*(policy.users for policy in policies)))
    draws = Resamples(len(users), resamples, seed)
    told: dict[str, Figures] = {}
    first: R | None = None
    for policy in policies:
        own = draw(policy, users, draws)
        told[policy.name] = tell(policy, own, first)
        first = own if first is None else first
    head = {"baseline": policies[0].name, "resamples": resamples, "seed": seed}
    return {**head, **facts, kind: told}


def plain(value: float, interval: Interval | None, real: bool = False) -> Figures:
    """A figure for JSON; of a difference also whether it is real."""
    made: Figures = {"value": rounded(value)}
    if interval is not None:
        made |= {"low": rounded(interval.low), "high": rounded(interval.high)}
    if real:
        made["real"] = interval is not None and interval.real
    return made


def rounded(value: float) -> float | None:
    """Six digits: what is beyond depends on the machine's order of addition."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
