"""What a policy would have earned, from a log that another one made: IPS, SNIPS and DR.

Each slot of a list is one decision: its context is the user and the slots above as they were
shown, its action the room, its reward whether it was engaged with. The value of a policy is the
mean number of engagements a list if every slot held what the policy puts there, given the slots
above as logged. IPS is unbiased for it wherever the logged propensities are right and reach all
that the policy does (Horvitz and Thompson, JASA 47, 1952); SNIPS divides by the weights' own sum
(Swaminathan and Joachims, NeurIPS 2015); DR adds a model of the reward, which may be wrong
(Dudík, Langford and Li, ICML 2011). The reward of a slot is taken not to depend on the rooms
below it, nor on what another choice above would have changed further down: the sequential model
of McInerney et al. (KDD 2020) with a window of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints, counts, totals

EFFECTIVE_MIN = 100.0
CLIPPED_MAX = 0.05


@dataclass(frozen=True)
class Slots:
    """Logged decisions; all arrays have shape (n,).

    `target` is the probability that the policy at hand takes the logged action there,
    `modelled` the modelled reward of the logged action, `expected` its mean over the policy's
    own actions. `user` and `list_of` are indices.
    """

    user: Ints
    list_of: Ints
    propensity: Floats
    reward: Floats
    target: Floats
    modelled: Floats
    expected: Floats


@dataclass(frozen=True)
class Sums:
    """A user's part of each estimator, shape (users,): a value is sum(above) / sum(below)."""

    above: dict[str, Floats]
    below: dict[str, Floats]
    effective: float
    """Effective sample size of the weights, in decisions (Kong, 1992)."""
    decisions: int
    clipped: float
    """Share of the weights' sum that clipping took away."""
    weight_mean: float
    """1 where propensities are right and reach all that the policy does."""

    @property
    def thin(self) -> bool:
        """Whether the log says too little of what the policy does for intervals to be believed.

        Few decisions in effect, or much weight cut away, which leaves the model's word alone.
        """
        return self.effective < EFFECTIVE_MIN or self.clipped > CLIPPED_MAX

    def value(self, name: str) -> float:
        """An estimator's value; NaN where nothing was logged that it could be taken from."""
        below = float(self.below[name].sum())
        return float(self.above[name].sum()) / below if below > 0.0 else float("nan")


def estimate(slots: Slots, users: int, clip_max: float) -> Sums:
    """All estimators of one policy's value, as sums over users.

    Weights above `clip_max` are cut to it: less variance for some bias towards the log's own
    value (Ionides, Journal of Computational and Graphical Statistics 17(2), 2008).
    """
    raw = slots.target / slots.propensity
    weight = np.minimum(raw, clip_max)
    lists = _lists_of_users(slots, users)
    slots_a_list = len(raw) / max(1, int(lists.sum()))
    gained = weight * slots.reward
    corrected = slots.expected + weight * (slots.reward - slots.modelled)
    above = {
        "logged": totals(slots.user, slots.reward, users),
        "ips": totals(slots.user, gained, users),
        "snips": totals(slots.user, gained * slots_a_list, users),
        "dr": totals(slots.user, corrected, users),
    }
    below = {
        "logged": lists,
        "ips": lists,
        "snips": totals(slots.user, weight, users),
        "dr": lists,
    }
    total, square = float(weight.sum()), float((weight * weight).sum())
    cut = float((raw - weight).sum())
    return Sums(
        above,
        below,
        total * total / square if square > 0.0 else 0.0,
        len(raw),
        cut / (total + cut) if total + cut > 0.0 else 0.0,
        (total + cut) / len(raw) if len(raw) else float("nan"),
    )


def _lists_of_users(slots: Slots, users: int) -> Floats:
    _, first = np.unique(slots.list_of, return_index=True)
    return counts(slots.user[first], users)
