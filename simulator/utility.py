"""What a list is worth to a viewer, by the world's own knowledge: the truth of an experiment."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.cast import Room, Viewer
from simulator.liking import attraction, satisfaction
from simulator.session import POSITION_BIAS
from simulator.stage import Stage
from simulator.visit import leave_propensity


def list_utility(stage: Stage, viewer: Viewer, rooms: Iterable[Room]) -> float:
    """Expected satisfaction of the visits that a list leads to.

    Sum over slots of P(click) x P(not left at once) x satisfaction inside: a loud cover that keeps
    little of its promise is clicked and worth little. Satisfaction is 0 to about 2 a visit.
    """
    total = 0.0
    for slot, room in enumerate(rooms):
        pleased = satisfaction(viewer, room)
        click = stage.clicks.probability(attraction(viewer, room) * POSITION_BIAS[min(slot, 199)])
        leave = stage.quick_leaves.probability(leave_propensity(room, pleased))
        total += click * (1.0 - leave) * pleased
    return total
