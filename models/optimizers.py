"""How a coefficient steps: River optimizers, chosen by name."""

from __future__ import annotations

import math
from typing import Any

from models.river_parts import optim


class LeanAdaGrad(optim.AdaGrad):
    """River's AdaGrad without the work that changes nothing.

    Same update (Duchi, Hazan and Singer, 2011), but the learning rate is looked up once a step
    and a feature without gradient is passed over. Time: O(non-zero gradients).
    """

    def _step_with_dict(self, w: Any, g: Any) -> Any:
        rate, eps, g2, sqrt = self.learning_rate, self.eps, self.g2, math.sqrt
        for name, slope in g.items():
            if slope:
                squares = g2[name] + slope * slope
                g2[name] = squares
                w[name] -= rate / sqrt(squares + eps) * slope
        return w


def build_optimizer(name: str, learning_rate: float) -> Any:
    """A fresh River optimizer: `adagrad` or `sgd`."""
    if name == "adagrad":
        return LeanAdaGrad(learning_rate)
    if name == "sgd":
        return optim.SGD(learning_rate)
    raise ValueError(f"optimizer {name!r} is not known; use adagrad or sgd")
