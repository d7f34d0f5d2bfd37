"""A River model's state as plain values, and the model rebuilt from them bit by bit."""

from __future__ import annotations

from typing import Any

import msgspec

from events.errors import StateError
from models.bayes import BayesianLogistic
from models.river_parts import utils


class ModelState(msgspec.Struct, array_like=True):
    """All that a `LogisticRegression` learns; pairs stay in River's own order of features."""

    optimizer: str
    iterations: int
    intercept: float
    weights: list[tuple[str, float]]
    squares: list[tuple[str, float]]  # AdaGrad's sums of squared slopes; empty for others
    covariance: bytes = b""  # of `models.bayes`, little-endian float64; empty for others


def extract(model: Any) -> ModelState:
    """The state of a `LogisticRegression`, River's or Bayesian; changes nothing."""
    if isinstance(model, BayesianLogistic):
        weights = list(model.weights.items())
        return ModelState(type(model).__name__, 0, model.intercept, weights, [], model.pack())
    squares = getattr(model.optimizer, "g2", {})
    return ModelState(
        type(model.optimizer).__name__,
        model.optimizer.n_iterations,
        float(model.intercept),
        list(model.weights.items()),
        list(squares.items()),
    )


def rebuild(model: Any, state: ModelState) -> None:
    """Puts an extracted state into a fresh model, which then continues as if never stopped.

    Raises `StateError` when the model steps by another optimizer than the stored one did.
    """
    bayesian = isinstance(model, BayesianLogistic)
    found = type(model if bayesian else model.optimizer).__name__
    if found != state.optimizer:
        raise StateError(
            f"model state is of optimizer {state.optimizer} and settings ask for {found}; "
            "set the optimizer back, or start without this state and replay the log"
        )
    if bayesian:
        model.unpack(dict(state.weights), state.intercept, state.covariance)
        return
    start(model, dict(state.weights), state.intercept)
    model.optimizer.n_iterations = state.iterations
    if hasattr(model.optimizer, "g2"):
        model.optimizer.g2.clear()
        model.optimizer.g2.update(state.squares)


def start(model: Any, weights: dict[str, float], intercept: float) -> None:
    """Sets coefficients and intercept; River's own initializers know no names."""
    if isinstance(model, BayesianLogistic):
        model.start(weights, intercept)
        return
    model._weights = utils.VectorDict(weights)
    model.intercept = intercept
