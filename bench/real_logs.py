"""How well real logs are ranked as they go by, and what each part of the rankers is worth.

    python -m bench.real_logs kuairand interactions.tsv.gz [--ablate]
    python -m bench.real_logs ranklens events.jsonl.gz [--ablate]

KuaiRand (https://kuairand.com) goes through the learners row by row, each label given before the
next row; RankLens (https://github.com/metarank/ranklens) through the whole flow. A part's worth is
the figure without it less the figure with all, with the 95 % interval of a paired bootstrap.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import ablation, long_view, next_item
from bench.kuairand_rows import read
from bench.measure import run
from models.auc import exact_auc

LAST_ROWS = 8_366
LAST_LISTS = 1_719
RESAMPLES = 200
SEED = 20_260
PARTS_OF_RANKLENS = (
    *("tag match", "tag lift", "focus", "attribute lift", "item click rate"),
    *("tag click rate", "what was shown before", "attributes", "appetite"),
)
"""Films have neither heat nor leaves, orders or prices, and no host that is followed."""
NOT_IN_RANKLENS = ("with segments", "with long stays", "with attributes of hosts")
"""Nothing is said of its users and hosts, nor of how long they stayed."""


def _by_user(users: Sequence[str]) -> list[NDArray[np.intp]]:
    """The places of each user, in the order of their names."""
    names = np.array(users)
    return [np.flatnonzero(names == user) for user in sorted(set(users))]


def _auc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    return exact_auc(scores, labels, np.ones(len(scores))) or 0.0


def _auc_interval(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    labels: NDArray[np.bool_],
    users: Sequence[str],
) -> tuple[float, float]:
    """The interval of the difference of two AUCs, users drawn with replacement."""
    places, draws = _by_user(users), np.random.default_rng(SEED)
    found = []
    for _ in range(RESAMPLES):
        picked = np.concatenate([places[k] for k in draws.integers(0, len(places), len(places))])
        found.append(_auc(theirs[picked], labels[picked]) - _auc(ours[picked], labels[picked]))
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


def _mean_interval(difference: NDArray[np.float64], users: Sequence[str]) -> tuple[float, float]:
    """The interval of a mean over rows, users drawn with replacement."""
    places, draws = _by_user(users), np.random.default_rng(SEED)
    sums = np.array([difference[own].sum() for own in places])
    sizes = np.array([len(own) for own in places])
    picked = draws.integers(0, len(places), (RESAMPLES, len(places)))
    low, high = np.quantile(sums[picked].sum(axis=1) / sizes[picked].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _tell(what: str, value: float, interval: tuple[float, float] | None = None) -> None:
    line = f"{what:44s} {value:+.4f}" if interval else f"{what:44s} {value:.4f}"
    if interval:
        line += f"  [{interval[0]:+.4f}, {interval[1]:+.4f}]"
    print(line, flush=True)


def long_views(source: Path, ablate: bool) -> dict[str, float]:
    """Progressive AUC of `long_view`: all rows, the last fifth, and the user's rate alone."""
    rows = read(source)
    labels, users = np.array([row.long_view for row in rows]), [row.user for row in rows]
    table = long_view.described(rows)
    ours = long_view.progressive_logits(rows, table)
    fifth = len(rows) // 5
    rate = table[:, long_view.NAMES.index("u_long")]
    found = {
        "auc": _auc(ours, labels),
        "auc_last_fifth": _auc(ours[-fifth:], labels[-fifth:]),
        "auc_user_rate": _auc(rate, labels),
    }
    _tell("long_view, progressive AUC, all rows", found["auc"])
    _tell("long_view, progressive AUC, last fifth", found["auc_last_fifth"])
    _tell("the user's smoothed rate alone, all rows", found["auc_user_rate"])
    if not ablate:
        return found
    others: list[tuple[str, dict[str, Any]]] = [
        *((f"without {group}", {"without": [group]}) for group in long_view.GROUPS),
        ("without bends", {"bends": False}),
        ("without a part of its own for new items", {"splits": False}),
        ("AdaGrad in place of the covariance", {"learner": "adagrad"}),
    ]
    for what, change in others:
        theirs = long_view.progressive_logits(rows, table, **change)
        worth = _auc(theirs, labels) - _auc(ours, labels)
        _tell(f"  AUC {what}", worth, _auc_interval(ours, theirs, labels, users))
    return found


def next_items(source: Path, ablate: bool) -> dict[str, float]:
    """Recall@20 of the next item: as it goes, by popularity alone, and asked once."""
    rows = read(source)
    last = min(LAST_ROWS, len(rows) // 5)
    asked = range(len(rows) - last, len(rows))
    ours, _ = next_item.as_it_goes(rows, asked)
    users = [answer.user for answer in ours]
    hits = np.array([answer.hit for answer in ours], dtype=float)
    popular = np.array([answer.hit_popular for answer in ours], dtype=float)
    _tell(f"next item, Recall@20 as it goes, {len(ours):,} asked", float(hits.mean()))
    _tell("popularity alone, half-life 3 h", float(popular.mean()))
    recalls = np.array([recall for _, recall in next_item.once(rows, len(rows) - last)])
    _tell(f"next item, Recall@20 asked once, {len(recalls):,} users", float(recalls.mean()))
    for group in next_item.GROUPS if ablate else ():
        theirs, _ = next_item.as_it_goes(rows, asked, [group])
        difference = np.array([answer.hit for answer in theirs], dtype=float) - hits
        worth = float(difference.mean())
        _tell(f"  Recall@20 without {group}", worth, _mean_interval(difference, users))
    return {
        "recall": float(hits.mean()),
        "recall_popular": float(popular.mean()),
        "recall_once": float(recalls.mean()),
    }


def ranklens(source: Path, ablate: bool) -> None:
    """NDCG@10 of the lists as DECIDE would have ranked them, and without each part."""
    cli = [sys.executable, "-m", "flows.cli"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        run([*cli, "convert", "ranklens", str(source), "--out", str(log)])
        replay = [*cli, "replay", str(log), "--out", f"{folder}/replay", "--last", str(LAST_LISTS)]
        run(replay)
        ranking = json.loads(Path(folder, "replay", "metrics.json").read_text("utf-8"))["ranking"]
        _tell("RankLens, NDCG@10, all clicked lists", ranking["ndcg_at_10"])
        _tell(f"RankLens, NDCG@10, last {LAST_LISTS:,}", ranking["last"]["ndcg_at_10"])
        if not ablate:
            return
        parts = {
            what: text
            for what, text in ablation.PARTS.items()
            if what.removeprefix("without ") in PARTS_OF_RANKLENS
            or (what.startswith("with ") and what not in NOT_IN_RANKLENS)
        }
        ablation.tell(ablation.worth(log, Path(folder) / "backtest", parts))


def main(argv: Sequence[str] | None = None) -> None:
    """Measure one log; with --json the last line has the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.real_logs", description=__doc__)
    parser.add_argument("log", choices=("kuairand", "ranklens"))
    parser.add_argument("source", type=Path)
    parser.add_argument("--ablate", action="store_true", help="and what each part is worth")
    parser.add_argument("--json", action="store_true", help="for kuairand: figures as JSON, last")
    asked = parser.parse_args(argv)
    if asked.log == "ranklens":
        ranklens(asked.source, asked.ablate)
        return
    figures = long_views(asked.source, asked.ablate) | next_items(asked.source, asked.ablate)
    if asked.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
