"""The learners there are: what each predicts, and of which examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.example import Example


@dataclass(frozen=True)
class LearnerSpec:
    """A learner's name and the label it learns: 1, 0, or -1 where it does not apply.

    Without a label of its own it learns which item of a clicked list was preferred.
    """

    name: str
    predicts: str
    label: Callable[[Example], int] | None


ENGAGEMENT = LearnerSpec(
    "engagement", "an impression is engaged with before the horizon", lambda e: e.engaged
)
QUICK_LEAVE = LearnerSpec("quick_leave", "who enters a room leaves it at once", lambda e: e.left)
ORDER = LearnerSpec("order", "who clicks or enters orders before the horizon", lambda e: e.ordered)
WATCH = LearnerSpec("watch", "who enters a room watches long", lambda e: e.watched)
PREFERENCE = LearnerSpec("preference", "of two items of one list, this one is engaged with", None)

POINTWISE = (ENGAGEMENT, QUICK_LEAVE, ORDER)
"""Those that are always learnt."""
LEARNERS = (*POINTWISE, WATCH, PREFERENCE)
