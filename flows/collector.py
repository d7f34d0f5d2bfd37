"""The garbage collector, told what this program is like: much state, few cycles."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 1_000_000, 20, 100
"""More than the objects of some rounds: rows under way are let go of without a look at them."""
_YOUNG_LIVE = 1_000
_NEVER = 1 << 30


def calm_collector(live: bool = False) -> None:
    """Leave what the program is made of alone, and look for cycles seldom.

    State lives for long and holds no cycles, so that going through it finds nothing; at the
    engine's default pace that took a tenth of the time. Live, looking through 100,000 objects at
    once, or through all that has become state, would hold everything up: only the newest are
    looked at, few at a time.
    """
    gc.collect()
    gc.freeze()
    if live:
        gc.set_threshold(_YOUNG_LIVE, _NEVER, _NEVER)
    else:
        gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
