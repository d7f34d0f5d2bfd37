"""The garbage collector, told what this program is like: much state, few cycles."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 100_000, 20, 100


def calm_collector() -> None:
    """Leave what the program is made of alone, and look for cycles seldom.

    State lives for long and holds no cycles, so that going through it finds nothing; at the
    engine's default pace that took a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
