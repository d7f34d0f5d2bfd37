"""What exploration adds to a room's utility: what is not known of it yet, and a hand for the small.

A host is small whose rooms were clicked no more, as it fades, than those of half of the hosts that
are live; each room counts as if it had been shown a little before. What is added changes how
readily a room is drawn, never how it is ranked, and so propensities stay exact.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from decisions.settings import SlateSettings
from features.scene import Scene


def optimism_of(scene: Scene, settings: SlateSettings) -> NDArray[np.float64]:
    """For each live room so many logits."""
    live = scene.content.live
    added: NDArray[np.float64] = settings.explore_optimism * scene.unsure.take(live)
    if settings.small_host_boost != 1.0 and settings.explore_sharpness > 0.0 and len(live):
        boost = math.log(settings.small_host_boost) / settings.explore_sharpness
        added[small_hosts(scene)] += boost
    return added


def small_hosts(scene: Scene) -> NDArray[np.bool_]:
    """Whether each live room is a small host's."""
    content = scene.content
    hosts = content.host[content.live]
    # What is known of a rate by beta-distributed clicks and misses says how many clicks there were.
    rates = scene.looks[:-1, -1].astype(np.float64)
    clicks = np.bincount(content.host, 1.0 / (scene.unsure**2 * (1.0 - rates)))
    held = np.sort(clicks[np.unique(hosts)])
    small: NDArray[np.bool_] = clicks[hosts] <= held[math.ceil(0.5 * len(held)) - 1]
    return small
