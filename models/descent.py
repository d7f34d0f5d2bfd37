"""Rows learnt one after another over arrays: River's steps, without a look-up a feature.

A River model finds each coefficient by its name, four times a step. Over a second's rows that is
most of what learning costs, and their features always come in the same order; so the coefficients
are taken out once, stepped row by row, and put back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.optimizers import LeanAdaGrad
from models.scorer import Vector


def can_descend(model: Any) -> bool:
    """Whether `descend` knows the steps of this model."""
    return type(getattr(model, "optimizer", None)) is LeanAdaGrad and not model.l2


def descend(
    model: Any,
    names: Sequence[str],
    rows: Vector,
    labels: Sequence[bool],
    weights: Sequence[float],
) -> None:
    """`learn_one` of each row in order, bit by bit; rows have shape (rows, features).

    The model is River's `LogisticRegression` by `LeanAdaGrad`. Its dot product adds features in the
    order of the example, which is that of `names`; absent ones are zero here and change nothing.
    Time: O(rows x features). Judge: `tests/models/test_descent.py`.
    """
    optimizer, loss, clip = model.optimizer, model.loss, model.clip_gradient
    held, sums = model.weights, optimizer.g2
    coefficients = np.array([held.get(name, 0.0) for name in names])
    squares = np.array([sums.get(name, 0.0) for name in names])
    step, slopes = np.empty(len(names)), np.empty(len(names))
    # A number beside an array costs half as much again as another array.
    rate, eps = np.full(len(names), optimizer.learning_rate), np.full(len(names), optimizer.eps)
    multiply, intercept = np.multiply, model.intercept
    for row, label, weight in zip(rows, labels, weights, strict=True):
        multiply(coefficients, row, step)
        # Added one after another, where a sum of NumPy's would add in pairs.
        logit = np.add.accumulate(step, out=step).item(-1) + intercept
        slope = float(max(-clip, min(clip, loss.gradient(label, logit) * weight)))
        intercept -= model.intercept_lr.get(optimizer.n_iterations) * slope
        multiply(row, slope, slopes)
        multiply(slopes, slopes, step)
        squares += step
        np.add(squares, eps, step)
        np.sqrt(step, step)
        np.divide(rate, step, step)
        step *= slopes
        coefficients -= step
        optimizer.n_iterations += 1
    model.intercept = intercept
    model._weights.update(dict(zip(names, coefficients.tolist(), strict=True)))
    others = {name: square for name, square in sums.items() if name not in names}
    sums.clear()
    sums.update((n, square) for n, square in zip(names, squares.tolist(), strict=True) if square)
    sums.update(others)
