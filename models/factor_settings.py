"""Settings of factors: whether there are any, how they step, and how many names they may have."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting


@dataclass(frozen=True)
class FactorSettings:
    """Learnt vectors of what users and rooms have; a room's fit is a product of two."""

    on: bool = setting(False, "yes/no", "Whether rooms are ranked by learnt factors as well.")
    factors: int = setting(8, "numbers a name", "How many each vector has.", least=1, most=64)
    learning_rate: float = setting(0.2, "step", "First step of a name's vector.", least=0.0)
    squares: float = setting(
        1.0, "slope²", "A vector's steps shrink once its slopes come to this.", least=1e-9
    )
    l2: float = setting(
        0.0, "share a step", "Pull of the vectors of present names towards zero.", least=0.0
    )
    spread: float = setting(0.1, "a number", "Vectors begin at random within this.", least=0.0)
    gradient_max: float = setting(
        5.0, "slope", "A weighted example's slope is cut here.", least=0.001
    )
    names_max: int = setting(
        8192, "names", "When there are more, the quarter unseen for longest leaves.", least=256
    )
    publish_s: int = setting(
        60, "s of event time", "How often vectors are published, where they have changed.", least=1
    )
    prior: float = setting(1.0, "coefficient", "What factors count before the blend has learnt.")
