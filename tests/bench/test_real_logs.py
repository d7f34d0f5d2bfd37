"""The harness for real logs sees nothing later than a row, and learns what there is to learn."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from bench.kuairand_rows import Row, read
from bench.long_view import NAMES, described, progressive_logits
from bench.next_item import as_it_goes, once
from bench.real_logs import main
from models.auc import exact_auc

ROWS_MAX = 4_000


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Two kinds of users, each of whom watches one half of the items; some watch less."""
    draws = np.random.default_rng(3)
    made = []
    for number in range(ROWS_MAX):
        user, item = int(draws.integers(40)), int(draws.integers(120))
        fits = user % 2 == item % 2
        long = bool(draws.random() < (0.8 if fits else 0.1) * (1.0 if user < 20 else 0.3))
        time_s = 1e9 + 30.0 * number
        made.append(
            Row(f"u{user}", f"i{item}", time_s, float(5 + item % 9), long, True, long or fits)
        )
    return made


def test_nothing_later_than_a_row_is_seen(rows: list[Row]):
    table, earlier = described(rows[:900]), described(rows[:600])
    assert table.shape == (900, len(NAMES))
    assert (table[:600] == earlier).all()
    turned = [row._replace(long_view=not row.long_view) for row in rows[600:900]]
    other = described([*rows[:600], *turned])
    assert (other[600] == table[600]).all(), "a row's own label is not known when it is shown"
    scores = progressive_logits(rows[:900], table)
    assert (progressive_logits(rows[:600], earlier) == scores[:600]).all()


@pytest.mark.parametrize("learner", ["bayes", "adagrad"])
def test_long_views_are_foreseen(rows: list[Row], learner: str):
    labels = np.array([row.long_view for row in rows])
    scores = progressive_logits(rows, described(rows), learner=learner)
    assert (exact_auc(scores, labels, np.ones(len(rows))) or 0.0) > 0.55


def test_the_next_item_is_one_of_the_user_s_kind(rows: list[Row]):
    asked = range(ROWS_MAX - 900, ROWS_MAX)
    answers, model = as_it_goes(rows, asked)
    assert answers
    assert {answer.row for answer in answers} <= set(asked)
    popular = float(np.mean([answer.hit_popular for answer in answers]))
    assert float(np.mean([answer.hit for answer in answers])) > popular
    best = model.best("u1", rows[-1].time_s)
    assert all(int(item[1:]) % 2 for item in best[:5])
    seen = {row.item for row in rows if row.user == "u1"}
    assert not seen.intersection(best)


def test_no_answer_knows_a_later_row(rows: list[Row]):
    asked = range(300, 500)
    answers, _ = as_it_goes(rows[:500], asked)
    assert as_it_goes(rows[:700], asked)[0] == answers


def test_asked_once_each_user_has_one_recall(rows: list[Row]):
    told = once(rows, 2_000)
    assert len({user for user, _ in told}) == len(told)
    assert all(0.0 <= recall <= 1.0 for _, recall in told)


def test_the_figures_of_a_log_are_told(
    rows: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    names = ["user_id", "video_id", "time_ms", "duration_ms", "long_view", "is_click", "label"]
    lines = ["\t".join(names)]
    for row in rows[:700]:
        values = (row.user, row.item, int(row.time_s * 1000), int(row.duration_s * 1000))
        told = (int(row.long_view), int(row.clicked), int(row.liked))
        lines.append("\t".join(map(str, [*values, *told])))
    path = tmp_path / "rows.tsv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    main(["kuairand", str(path), "--json"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(figures) >= {"auc", "auc_user_rate", "recall", "recall_popular", "recall_once"}
    assert all(0.0 <= value <= 1.0 for value in figures.values())


def test_rows_are_read_in_the_order_of_time(tmp_path: Path):
    names = "user_id video_id time_ms duration_ms long_view is_click label"
    lines = [names, "u1 v2 2000 9000 1 1 0", "u1 v1 1000 0 0 0 1"]
    path = tmp_path / "rows.tsv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).replace(" ", "\t").encode()))
    assert read(path) == [
        Row("u1", "v1", 1.0, 0.0, False, False, True),
        Row("u1", "v2", 2.0, 9.0, True, True, False),
    ]
