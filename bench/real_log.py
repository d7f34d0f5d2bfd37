"""A real log through the whole flow: how well lists are ranked, each judged before it is learnt."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.measure import run, shown, spread
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
