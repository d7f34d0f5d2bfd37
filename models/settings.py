"""Settings of learning: how models step, from where they start, and what is kept to judge them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from events.setting import derived, setting

RANK_BY = ("engagement", "preference")
OPTIMIZERS = ("adagrad", "sgd", "bayes")
PREFERENCE_LOSSES = ("listwise", "pairwise")


@dataclasses.dataclass(frozen=True)
class LearnSettings:
    """Everything about learning that may be changed without changing code.

    A prior maps the beginning of a feature's name to its first coefficient; the longest
    beginning that fits wins, and a feature that none fits starts at 0.
    """

    learn: bool = setting(True, "yes/no", "Off leaves every model at its prior, for comparison.")
    optimizer: str = setting(
        "adagrad",
        "adagrad, sgd or bayes",
        "AdaGrad gives rare features the larger steps that they need; bayes knows how sure it is "
        "of all coefficients together, and takes twice as long.",
    )
    bayes_variance: float = setting(
        0.25, "logits²", "By bayes: how far a coefficient may lie from where it starts."
    )
    bayes_forgetting: float = setting(
        1e-5, "share an example", "By bayes: what is let go, so that it goes on to learn.", most=1
    )
    learning_rate: float = setting(0.05, "step", "First step of a coefficient.")
    l2: float = setting(
        0.0, "share a step", "Pull of the coefficients of present features towards zero."
    )
    intercept_learning_rate: float = setting(
        0.02, "step", "The intercept steps alone, by plain gradient descent, as River has it."
    )
    gradient_max: float = setting(
        20.0, "slope", "A weighted example's slope is cut here, so that none throws a model over."
    )
    feature_abs_max: float = setting(
        1e4, "feature units", "An example with a larger or a non-finite feature is refused."
    )
    weight_max: float = setting(
        1e4, "times", "An example with a larger importance weight is refused."
    )

    engagement_intercept: float = setting(-2.0, "logit", "About 12 of 100 impressions engage.")
    quick_leave_intercept: float = setting(-1.0, "logit", "About 27 of 100 entries end at once.")
    order_intercept: float = setting(-4.0, "logit", "About 2 of 100 visits buy.")
    watch_intercept: float = setting(0.0, "logit", "About half of those who enter stay for long.")
    engagement_prior: Mapping[str, float] = setting(
        {
            "room_click_rate": 1.0,
            "room_heat": 0.3,
            "room_freshness": 0.2,
            "room_leave_rate": -0.5,
            "tag_match_": 1.0,
            "tag_lift": 0.1,
            "tag_focus": 3.0,
            "air_match": 2.0,
            "host_affinity": 0.5,
            "host_followed": 0.5,
            "price_fit": 0.2,
            "room_shown_before": -0.3,
        },
        "coefficient by name's beginning",
        "So that the first list of a new installation is sensible.",
    )
    quick_leave_prior: Mapping[str, float] = setting(
        {"tag_match_": -0.2, "room_leave_rate": 2.0},
        "coefficient by name's beginning",
        "A room that fits is left later.",
    )
    order_prior: Mapping[str, float] = setting(
        {"tag_match_": 0.2, "room_order_rate": 1.0},
        "coefficient by name's beginning",
        "A room that fits sells more.",
    )

    watch_prior: Mapping[str, float] = setting(
        {"tag_match_": 0.2},
        "coefficient by name's beginning",
        "A room that fits is watched for longer.",
    )

    rank_by: str = setting(
        "engagement",
        "engagement or preference",
        "Which model's logit leads the utility: of an impression alone, or within its list.",
    )
    preference_share: float = setting(
        1.0, "share", "Ranking by preference: its part, the rest being engagement's."
    )
    preference_loss: str = setting(
        "listwise", "listwise or pairwise", "What the preference model descends on a clicked list."
    )
    preference_learning_rate: float = setting(0.05, "step", "First step, as learning_rate.")
    pairs_per_list_max: int = setting(
        8, "pairs", "Pairs of a clicked list that are judged, and learnt if pairwise."
    )
    order_share: float = setting(0.2, "logits a logit", "What an order's logit adds to utility.")
    leave_share: float = setting(
        0.2, "logits a logit", "What a quick leave's logit takes from utility."
    )
    watch_share: float = setting(
        0.0, "logits a logit", "What a long stay's logit adds to utility; 0: it is not learnt."
    )
    support_min: int = setting(
        50,
        "examples a label",
        "Orders, leaves and long stays count in ranking once this many of both labels are learnt.",
    )

    without: tuple[str, ...] = setting(
        (),
        "beginnings of feature names",
        "Neither learnt nor ranked by: what a policy does without.",
    )
    rank_without: tuple[str, ...] = setting(
        ("list_position",),
        "feature names",
        "Left out of the utility: known in training, unknown in ranking.",
    )

    table_delay_s: int = derived(
        12, "Allowed lateness plus slack: the least age of a table in use."
    )
    factor_prior: float = derived(0.0, "Of factors: what they count before the blend has learnt.")
    label_horizon_s: int = derived(600, "The join's: longest time from an impression to its label.")
    history_slack_s: int = setting(
        60, "s", "Exports are kept this much longer than the label horizon, for late ones."
    )
    open_examples_max: int = setting(
        1_000_000, "examples", "Examples waiting for their second to close; more are refused."
    )

    drift_delta: float = setting(
        0.002, "probability", "ADWIN's chance of a false alarm at one look at the log-loss.", most=1
    )
    drift_block_examples: int = setting(
        100,
        "examples",
        "Losses averaged into one value for the detector: about five lists.",
        least=1,
    )
    rolling_examples: int = setting(5_000, "examples", "Newest ones that rolling figures cover.")
    calibration_bins: int = setting(15, "bins", "Equal widths of probability in [0, 1].")
    ranking_last_lists: int = setting(2_000, "lists", "Newest lists that the tail covers.")
    bootstrap_resamples: int = setting(
        2_000, "resamples", "For the interval of a difference.", least=1
    )
    baseline_rooms_max: int = setting(
        20_000, "rooms", "Rooms whose clicks the baselines count; the longest unseen leaves."
    )
    baseline_prior_impressions: float = setting(
        20.0,
        "impressions",
        "Strength of the overall click rate in a room's smoothed one.",
        least=0.001,
    )
    baseline_features: Mapping[str, str] = setting(
        {},
        "feature by baseline",
        "Further baselines, each a single feature as it was when the list was shown.",
    )
    seed: int = setting(20_260, "number", "Of tie-breaks, the random baseline and resampling.")

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("rank_by", self.rank_by, RANK_BY),
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("preference_loss", self.preference_loss, PREFERENCE_LOSSES),
        ):
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; use one of {', '.join(allowed)}")
        if not 0.0 <= self.preference_share <= 1.0:
            raise ValueError(f"preference_share is {self.preference_share}; use 0 to 1")
        for name in ("rolling_examples", "calibration_bins", "ranking_last_lists"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; use at least 1")

    def prior(self, model: str) -> Mapping[str, float]:
        """First coefficients of a model, by the beginning of a feature's name."""
        return {
            "engagement": {**self.engagement_prior, "factor_match": self.factor_prior},
            "quick_leave": self.quick_leave_prior,
            "order": self.order_prior,
            "watch": self.watch_prior,
            "preference": {**self.engagement_prior, "factor_match": self.factor_prior},
        }[model]

    def intercept(self, model: str) -> float:
        """First intercept of a model, a logit."""
        return {
            "engagement": self.engagement_intercept,
            "quick_leave": self.quick_leave_intercept,
            "order": self.order_intercept,
            "watch": self.watch_intercept,
            "preference": 0.0,
        }[model]


def prior_coefficients(names: Sequence[str], prior: Mapping[str, float]) -> tuple[float, ...]:
    """First coefficient of each feature: that of the longest beginning that fits, else 0.

    >>> prior_coefficients(("room_heat_1h", "hour"), {"room": 1.0, "room_heat": 0.5})
    (0.5, 0.0)
    """
    longest_first = sorted(prior.items(), key=lambda item: (-len(item[0]), item[0]))
    return tuple(
        next((float(c) for start, c in longest_first if name.startswith(start)), 0.0)
        for name in names
    )


def columns_without(settings: LearnSettings, names: Sequence[str]) -> list[int]:
    """The features that the settings do without."""
    return [place for place, name in enumerate(names) if name.startswith(settings.without)]


def unmatched_priors(settings: LearnSettings, names: Sequence[str]) -> list[str]:
    """Beginnings that a prior names and no feature has: likely misspelt."""
    starts = [
        *settings.without,
        *settings.engagement_prior,
        *settings.quick_leave_prior,
        *settings.order_prior,
        *settings.watch_prior,
        *settings.baseline_features.values(),
    ]
    return sorted({s for s in starts if not any(name.startswith(s) for name in names)})
