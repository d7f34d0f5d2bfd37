"""What people read about a model and about the rankers, ready for JSON."""

from __future__ import annotations

from models.baselines import BASELINES
from models.drift import Drift
from models.progressive import Progressive
from models.ranking import Ranking
from models.registry import LearnerSpec
from models.scorer import Weights
from models.settings import LearnSettings


def model_card(
    spec: LearnerSpec, weights: Weights, progressive: Progressive, drift: Drift
) -> dict[str, object]:
    """A model's card: what it predicts, how well overall and of late, drift, and its weights.

    Figures are of predictions as they were served, before learning; `weights_version` is the
    second of event time whose learning the weights hold.
    """
    return {
        "model": spec.name,
        "predicts": spec.predicts,
        **progressive.overall(),
        "rolling": progressive.rolling(),
        "drift": drift.figures(),
        "learnt": weights.examples,
        "learnt_positives": weights.positives,
        "weights_version": weights.version,
        "intercept": weights.intercept,
        "coefficients": dict(zip(weights.names, weights.coef.tolist(), strict=True)),
    }


def ranking_report(ranking: Ranking, settings: LearnSettings) -> dict[str, object]:
    """Figures of the served ranker, of each baseline, and of the difference between them."""
    served, *others = ranking.rankers
    assert set(BASELINES) <= set(others)
    return {
        **ranking.figures(served),
        "baselines": {name: ranking.figures(name) for name in others},
        "bootstrap": {
            name: ranking.against(name, settings.bootstrap_resamples, settings.seed)
            for name in others
        },
    }
