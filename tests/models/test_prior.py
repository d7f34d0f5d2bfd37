"""What shards begin with is what learners begin with, without any learner."""

import dataclasses

import pytest

from models.learn import LearnState
from models.prior import prior_table
from models.settings import LearnSettings
from models.table import encode_table

NAMES = ("room_ctr", "match_cosine", "match_top", "user_events", "list_position")
SETTINGS = LearnSettings(baseline_features={})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rank_by": "engagement"},
        {"optimizer": "bayes"},
        {"optimizer": "sgd", "preference_share": 1.0},
        {"without": ("match_",)},
        {"engagement_prior": {"room": 0.3, "match_cosine": -1.5}, "engagement_intercept": -2.0},
    ],
)
def test_the_prior_is_what_a_fresh_learner_knows(changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    learnt = LearnState(settings, NAMES).table()
    assert encode_table(prior_table(settings, NAMES)) == encode_table(learnt)
