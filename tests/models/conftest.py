"""A small world of impression lists whose clicks follow known coefficients."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import numpy as np
import pytest

from features.example import Example
from models.settings import LearnSettings

NAMES = ("room_rate", "match_1h", "match_24h", "hour", "price", "noise")
TRUTH = (0.2, 2.5, -1.5, 0.0, 1.0, 0.0)


@pytest.fixture(scope="session")
def names() -> tuple[str, ...]:
    return NAMES


@pytest.fixture(scope="session")
def settings() -> LearnSettings:
    """Priors that fit the small world's names but not its truth; small windows."""
    return LearnSettings(
        engagement_prior={"room_rate": 1.0},
        quick_leave_prior={},
        order_prior={},
        rolling_examples=500,
        ranking_last_lists=40,
        bootstrap_resamples=200,
        support_min=5,
    )


@pytest.fixture(scope="session")
def world() -> Callable[..., list[Example]]:
    """Makes the examples of so many lists of eight, due in order of time."""

    def make(lists: int, seed: int = 1, per_second: int = 2) -> list[Example]:
        draws = np.random.default_rng(seed)
        examples = []
        for number in range(lists):
            shown_ms = 1_700_000_000_000 + number * 1000 // per_second
            rows = draws.normal(size=(8, len(NAMES)))
            rows[draws.random(rows.shape) < 0.2] = 0.0
            chance = 1.0 / (1.0 + np.exp(1.5 - rows @ np.array(TRUTH)))
            clicked = draws.random(8) < chance
            due_ms = shown_ms + (35_000 if clicked.any() else 60_000)
            for place, row in enumerate(rows.tolist()):
                click = bool(clicked[place])
                sampled = click or draws.random() < 0.5
                examples.append(
                    Example(
                        due_ms=due_ms,
                        user_id=f"u{number % 7}",
                        event_id=f"i{number}-{place}",
                        shown_ms=shown_ms,
                        request_id=f"r{number}",
                        room_id=f"room{int(draws.integers(0, 30))}",
                        position=place,
                        engaged=int(click),
                        left=int(draws.random() < 0.3) if click else -1,
                        ordered=int(row[4] > 1.0) if click else -1,
                        weight=1.0 if click else 2.0,
                        sampled=sampled,
                        x=struct.pack(f"<{len(row)}d", *row),
                    )
                )
        examples.sort(key=lambda e: math.floor(e.due_ms / 1000))
        return examples

    return make
