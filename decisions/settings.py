"""Settings of slates: how long they are, how varied, and how much they explore."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting


@dataclass(frozen=True)
class SlateSettings:
    """What a slate looks like, and when a new room asks for one."""

    items_max: int = setting(20, "rooms", "A screen or two; more is never scrolled to.")
    pool: int = setting(
        60, "rooms", "Best rooms from which a varied slate and its exploration are drawn."
    )
    host_max: int = setting(2, "rooms a host", "One host must not fill a list.")
    tag_max: int = setting(8, "rooms a tag", "One interest must not fill a list.")
    explore_share: float = setting(
        0.05, "share of slots", "Against the filter bubble: slots drawn from the rest of the pool."
    )
    newcomer_boost: float = setting(
        2.5, "times", "Of a room that nobody has judged yet its tags must speak louder; 0: never."
    )
    newcomer_s: int = setting(
        900, "s", "A room has this long to show what it is worth; the boost fades until then."
    )
    active_s: int = setting(
        600, "s", "Users this recently active are scored for a room that starts."
    )
    active_users_max: int = setting(
        64, "users a shard", "Users kept for rooms that start; the least recent leave first."
    )
    idle_days_max: int = setting(30, "days", "Counters of users idle for longer are dropped.")
    reason_min: float = setting(
        0.01, "logits", "What contributes less than this is no reason to name."
    )
    seed: int = setting(7, "number", "Of exploration: the same user and slate draw the same.")
