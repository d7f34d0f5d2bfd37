"""A real log through the whole flow: how well lists are ranked, each judged before it is learnt."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.measure import RUN_S_MAX, run, shown, spread
from bench.report import Row

SECTION = "Ranking on a real log, learning as it goes"
LAST_LISTS = 1_719
NDCG_MIN = 0.620
NOTE = (
    "https://github.com/metarank/ranklens; what DECIDE would have served, each list ranked before "
    "it is learnt, default settings, chosen on the lists before these; published for LambdaMART "
    "0.598; the bounds are a paired bootstrap's, 95 %"
)


def ranklens_rows(source: Path, redis_url: str, scratch: Path) -> list[Row]:
    """NDCG@10 on the tail of RankLens (https://github.com/metarank/ranklens), beside baselines."""
    log, out = scratch / "ranklens.jsonl", scratch / "ranklens"
    cli = [sys.executable, "-m", "flows.cli"]
    run([*cli, "convert", "ranklens", str(source), "--out", str(log)])
    replay = ["replay", str(log), "--out", str(out), "--last", str(LAST_LISTS)]
    run([*cli, *replay, "--redis", redis_url])
    ranking: dict[str, Any] = json.loads((out / "metrics.json").read_text())["ranking"]
    command = shown([*cli, "convert", "ranklens", source.name, "--out", log.name])
    command += "`, then `" + shown([*cli, *replay])

    def row(what: str, value: float, **asked: Any) -> Row:
        return Row(SECTION, what, "NDCG@10", spread([value]), command, **asked)

    ours = ranking["last"]["ndcg_at_10"]
    rows = [row(f"ours, last {LAST_LISTS:,} lists", ours, at_least=NDCG_MIN, note=NOTE)]
    rows += [
        row(f"{name}, same lists", figures["last"]["ndcg_at_10"])
        for name, figures in ranking["baselines"].items()
    ]
    against = ranking["bootstrap"]["item_click_rate"]
    rows.append(row("ours over item_click_rate, same lists, at least", against["low"]))
    rows.append(row("ours over item_click_rate, same lists, at most", against["high"]))
    return rows


KUAIRAND_NOTE = (
    "https://kuairand.com, the rows with an explicit like or hate; each label given before the "
    "next row, by a harness over the same learners; settings chosen on the first three fifths"
)


def kuairand_rows(source: Path) -> list[Row]:
    """Progressive AUC and Recall@20 on KuaiRand, beside the plainest rankers."""
    command = [sys.executable, "-m", "bench.real_logs", "kuairand", str(source), "--json"]
    found = run(command, run_s_max=4 * RUN_S_MAX).output
    told = shown([*command[:4], source.name])

    def row(what: str, unit: str, value: float, **asked: Any) -> Row:
        return Row(SECTION, what, unit, spread([value]), told, **asked)

    auc, recall = "AUC", "Recall@20"
    return [
        row("KuaiRand, long views", auc, found["auc"], at_least=0.820, note=KUAIRAND_NOTE),
        row("KuaiRand, the user's smoothed rate", auc, found["auc_user_rate"]),
        row("KuaiRand, next item as it goes", recall, found["recall"], at_least=0.220),
        row("KuaiRand, decayed popularity", recall, found["recall_popular"]),
        row("KuaiRand, next items asked once", recall, found["recall_once"], at_least=0.045),
    ]
