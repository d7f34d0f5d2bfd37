"""A learner owns one River model, learns from one example at a time and lends out only copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from models.bayes import BayesianLogistic
from models.descent import can_descend, descend
from models.optimizers import build_optimizer
from models.preference import Descent
from models.prior import first_coefficients
from models.registry import LearnerSpec
from models.river_parts import linear_model
from models.river_state import ModelState, extract, rebuild, start
from models.scorer import Vector, Weights
from models.settings import LearnSettings


class LearnerState(msgspec.Struct, array_like=True):
    """A learner at rest."""

    name: str
    examples: int
    positives: int
    model: ModelState


class Learner:
    """Online logistic regression over named features, started at the settings' prior.

    Order: examples in the order given. Time: O(non-zero features) an example. Space:
    O(features). The River object is never used to score what is served: see `export`.
    """

    def __init__(self, spec: LearnerSpec, settings: LearnSettings, names: tuple[str, ...]) -> None:
        self.spec = spec
        self.names = names
        self.examples = 0
        self.positives = 0
        listed = spec.label is None
        self.model: Any
        if settings.optimizer == "bayes" and not listed:
            self.model = BayesianLogistic(
                settings.bayes_variance, forgetting=settings.bayes_forgetting
            )
        else:
            self.model = linear_model.LogisticRegression(
                optimizer=build_optimizer(
                    "adagrad" if settings.optimizer == "bayes" else settings.optimizer,
                    settings.preference_learning_rate if listed else settings.learning_rate,
                ),
                loss=Descent() if listed and settings.preference_loss == "listwise" else None,
                l2=settings.l2,
                intercept_lr=0.0 if listed else settings.intercept_learning_rate,
                clip_gradient=settings.gradient_max,
            )
        prior = first_coefficients(spec, settings, names)
        start(self.model, dict(zip(names, prior, strict=True)), settings.intercept(spec.name))

    def learn(
        self, names: Iterable[str], x: Iterable[float], label: bool, weight: float = 1.0
    ) -> None:
        """Learns one example; `weight` multiplies its slope. Names may come in any order."""
        features = {name: float(value) for name, value in zip(names, x, strict=True) if value}
        self.model.learn_one(features, label, weight)
        self.examples += 1
        self.positives += label

    def learn_rows(self, rows: Vector, labels: Sequence[bool], weights: Sequence[float]) -> None:
        """`learn` of rows in order, of shape (rows, features), over the learner's own names."""
        if can_descend(self.model):
            descend(self.model, self.names, rows, labels, weights)
            self.examples += len(labels)
            self.positives += sum(labels)
            return
        for row, label, weight in zip(rows.tolist(), labels, weights, strict=True):
            self.learn(self.names, row, label, weight)

    def export(self, version: int = 0) -> Weights:
        """A read-only copy for scoring, over the names that the learner was made with."""
        weights = self.model.weights
        return Weights(
            self.spec.name,
            self.names,
            [weights.get(name, 0.0) for name in self.names],
            self.model.intercept,
            self.examples,
            self.positives,
            version,
        )

    def snapshot(self) -> LearnerState:
        """The learner's state as plain values."""
        return LearnerState(self.spec.name, self.examples, self.positives, extract(self.model))

    def restore(self, state: LearnerState) -> None:
        """Continues a snapshot, bit by bit. Raises `StateError` for another optimizer's."""
        rebuild(self.model, state.model)
        self.examples = state.examples
        self.positives = state.positives
