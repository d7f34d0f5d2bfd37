"""A latent taste: weights over tags that sum to one, drift with time, and now and then jump."""

from __future__ import annotations

import math
from bisect import bisect_right

from simulator.dice import Dice
from simulator.settings import SimulatorSettings

Taste = dict[int, float]  # tag number → weight; weights sum to 1

_DAY_MS = 86_400_000
_JUMP_WEIGHT = 0.6  # what a new interest takes of a viewer's attention
_KEPT = 16  # changes of one viewer that are remembered


class TasteHistory:
    """One person's tastes over time: the newest to act on, the last 16 to ask about."""

    __slots__ = ("_at_ms", "_tastes")

    def __init__(self, at_ms: int, taste: Taste) -> None:
        self._at_ms = [at_ms]
        self._tastes = [taste]

    @property
    def now(self) -> Taste:
        """The newest taste."""
        return self._tastes[-1]

    @property
    def changed_ms(self) -> int:
        """When the newest taste began."""
        return self._at_ms[-1]

    def at(self, at_ms: int) -> Taste:
        """The taste at a time (the oldest remembered where none is older)."""
        return self._tastes[max(0, bisect_right(self._at_ms, at_ms) - 1)]

    def add(self, at_ms: int, taste: Taste) -> None:
        """Let a new taste begin; the oldest is forgotten when there are too many."""
        self._at_ms.append(at_ms)
        self._tastes.append(taste)
        if len(self._at_ms) > _KEPT:
            del self._at_ms[0], self._tastes[0]


class Tastes:
    """Makes tastes over grouped tags, and moves them on."""

    def __init__(self, settings: SimulatorSettings, groups: list[list[int]], dice: Dice) -> None:
        self._settings = settings
        self._groups = groups
        self._dice = dice
        # Some interests are common and some are rare, as 1 / (3 + rank).
        total = 0.0
        self._by_rank: list[float] = []
        for rank in range(len(groups)):
            total += 1.0 / (3.0 + rank)
            self._by_rank.append(total)

    def born(self, at_ms: int, kind: int = 0) -> TasteHistory:
        """A first taste: a main tag, neighbours of it, and one tag from elsewhere.

        People of one `kind` have the same main interests, as far as the world is so.
        """
        dice = self._dice
        alike = self._settings.alike_share
        if alike > 0.0 and dice.chance(alike):
            group = self._groups[kind % len(self._groups)]
        else:
            group = self._groups[dice.pick_by(self._by_rank)]
        near = dice.distinct(group, max(1, self._settings.taste_tags - 1))
        far = dice.pick(self._groups[dice.pick_by(self._by_rank)])
        taste: Taste = {}
        weight = 1.0
        for tag in (*near, far):
            taste[tag] = max(taste.get(tag, 0.0), weight * dice.between(0.7, 1.0))
            weight *= 0.5
        return TasteHistory(at_ms, _whole(taste))

    def move(self, history: TasteHistory, at_ms: int) -> None:
        """Drift, and perhaps jump, for the time since the last change (under a minute: not yet)."""
        days = (at_ms - history.changed_ms) / _DAY_MS
        if days * 1_440 < 1:
            return
        dice = self._dice
        if dice.chance(1.0 - math.exp(-self._settings.jumps_per_day * days)):
            self.jump(history, at_ms, dice.pick(self._groups[dice.pick_by(self._by_rank)]))
            return
        sigma = self._settings.drift_per_day * math.sqrt(days)
        drifted = {tag: w * math.exp(sigma * dice.normal()) for tag, w in history.now.items()}
        history.add(at_ms, _whole(drifted))

    def jump(self, history: TasteHistory, at_ms: int, tag: int) -> None:
        """Let one tag become the main interest; the least of the old ones is forgotten."""
        old = sorted(history.now.items(), key=lambda item: (-item[1], item[0]))
        kept = [(t, w) for t, w in old if t != tag][: self._settings.taste_tags - 1]
        share = (1.0 - _JUMP_WEIGHT) / max(sum(w for _, w in kept), 1e-9)
        history.add(at_ms, _whole({tag: _JUMP_WEIGHT} | {t: w * share for t, w in kept}))


def _whole(taste: Taste) -> Taste:
    """The same taste with weights that sum to one."""
    total = sum(taste.values())
    return {tag: weight / total for tag, weight in taste.items()}
