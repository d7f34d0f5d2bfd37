"""Ranks dealt out anew among the rooms of one product, looked at one by one."""

from __future__ import annotations

LEAST = -100.0


def naive(
    by: list[float], products: list[str | None], hosts: list[str], trust: dict[str, float]
) -> list[float]:
    """For each product the ranks of its rooms dealt out anew, if anybody presents it whom one
    trusts."""
    made = list(by)
    for product in {name for name in products if name is not None}:
        rooms = [n for n in range(len(by)) if products[n] == product and by[n] >= LEAST]
        if not any(hosts[n] in trust for n in rooms):
            continue
        order = sorted(rooms, key=lambda n: (-trust.get(hosts[n], 0.0), -by[n], n))
        for place, rank in zip(order, sorted((by[n] for n in rooms), reverse=True), strict=True):
            made[place] = rank
    return made
