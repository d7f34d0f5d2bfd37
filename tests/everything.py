"""Settings of a live run with every optional part on, whose tables come within seconds."""

from __future__ import annotations

from typing import Final

EVERYTHING: Final = """
[neighbours]
on = true
users = true
publish_s = 2
strength_min = 0.2
[segments]
attributes = { city = 0 }
publish_s = 2
[factors]
on = true
publish_s = 2
learning_rate = 0.5
prior = 2.0
[learn]
watch_share = 0.5
engagement_prior = { neighbour_users = 20.0, segment = 3.0 }
[slate]
diversity = 0.5
small_host_boost = 2.0
"""
"""Sections that no other part of a test's settings may open; an evening is short, so that priors
say what a part counts."""
