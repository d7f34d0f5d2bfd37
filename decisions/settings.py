"""Settings of slates: how long they are, how varied, and how much they explore."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting


@dataclass(frozen=True)
class SlateSettings:
    """What a slate looks like, and when a new room asks for one."""

    items_max: int = setting(20, "rooms", "A screen or two; more is never scrolled to.", least=1)
    pool: int = setting(
        60, "rooms", "Best rooms from which a varied slate and its exploration are drawn.", least=1
    )
    host_max: int = setting(2, "rooms a host", "One host must not fill a list.")
    tag_max: int = setting(8, "rooms a tag", "One interest must not fill a list.")
    diversity: float = setting(
        0.0,
        "logits",
        "Taken from a room for its likeness to one above it, 0 to 1 by their tags (MMR).",
    )
    fresh_min: int = setting(
        10,
        "rooms",
        "With fewer left, rooms just seen come back behind them, so that a small world has lists.",
    )
    explore_share: float = setting(
        0.02,
        "share of slots",
        "Against the filter bubble: slots drawn from the rest of the pool.",
        most=1,
    )
    explore_sharpness: float = setting(
        1.0,
        "logits a logit",
        "What is drawn is drawn in proportion to the odds of engagement; 0: evenly.",
    )
    explore_optimism: float = setting(
        1.0,
        "standard deviations",
        "Of what is known of a room's click rate, added for exploration: the unsure come sooner.",
    )
    explore_floor: float = setting(
        0.05, "times", "The least chance of a room to be drawn, beside the likeliest one's.", most=1
    )
    small_host_boost: float = setting(
        1.0,
        "times",
        "So much more readily exploration draws rooms of the half of the hosts with fewer clicks.",
        least=0.01,
    )
    newcomer_boost: float = setting(
        3.5, "times", "Of a room that nobody has judged yet its tags must speak louder; 0: never."
    )
    newcomer_s: int = setting(
        900, "s", "A room has this long to show what it is worth; the boost fades until then."
    )
    trusted_min: float = setting(
        0.5,
        "trust",
        "Of rooms that present one product, those of hosts followed or so trusted come first.",
        least=0.001,
        most=1,
    )
    active_s: int = setting(
        600, "s", "Users this recently active are scored for a room that starts."
    )
    active_users_max: int = setting(
        64, "users a shard", "Users kept for rooms that start; the least recent leave first."
    )
    idle_days_max: int = setting(
        30, "days", "Counters of users idle for longer are dropped.", least=2
    )
    reason_min: float = setting(
        0.01, "logits", "What contributes less than this is no reason to name."
    )
    seed: int = setting(7, "number", "Of exploration: the same user and slate draw the same.")
