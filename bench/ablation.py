"""What each part of the rankers is worth on a log, by the whole flow: without it, less with all.

    python -m bench.ablation LOG [--without-tags] [--change "without habits" ...]

A part's worth comes with the 95 % interval of a paired bootstrap over users (`liveloom backtest`).
Parts that are off by default are put in, all others left out. Without tags, the log's catalogue
loses them first: what is left where nobody has written any. Where changes are named, only those
are asked for; a change's figures do not depend on what else is asked.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from bench.measure import run

_NEIGHBOURS = "[neighbours]\non = true\n"
_USERS = f"{_NEIGHBOURS}users = true\n"
_FACTORS = "[factors]\non = true\n"
_SEGMENTS = "[segments.attributes]\nlanguage = 0.0\nsegment = 0.0\nprice_level = 0.25\n"
_IDS = 'user = ["hosts", "rooms"]\nroom = ["hosts", "rooms"]\n'
PARTS: Mapping[str, str] = {
    **{
        f"without {part}": f"[learn]\nwithout = {json.dumps(names)}\n"
        for part, names in {
            "tag match": ["tag_match_"],
            "tag lift": ["tag_lift"],
            "focus": ["tag_focus"],
            "what is on air": ["air_match"],
            "attribute lift": ["attribute_lift"],
            "item click rate": ["room_click_rate"],
            "heat and impressions": ["room_heat", "room_impressions"],
            "leaves and orders": ["room_leave_rate", "room_order_rate"],
            "tag click rate": ["room_tag_click_rate"],
            "freshness": ["room_freshness"],
            "what was shown before": ["room_shown_before"],
            "attributes": ["room_attribute_"],
            "hosts": ["host_"],
            "habits": ["price_fit", "hour_activity", "user_activity"],
            "appetite": ["user_appetite"],
        }.items()
    },
    "with attributes of hosts": "[catalogue]\nhost_attributes = true\n",
    "with neighbours and attention": _NEIGHBOURS,
    "with neighbours alone": f'{_NEIGHBOURS}[learn]\nwithout = ["neighbour_attention"]\n',
    "with attention alone": f'{_NEIGHBOURS}[learn]\nwithout = ["neighbour_match"]\n',
    "with users alike alone": (
        f'{_USERS}[learn]\nwithout = ["neighbour_match", "neighbour_attention"]\n'
    ),
    "with neighbours, attention and users alike": _USERS,
    "with factors": _FACTORS,
    "with factors of tags alone": f'{_FACTORS}[sides]\nuser = ["tags"]\nroom = ["tags"]\n',
    "with factors of ids alone": f"{_FACTORS}[sides]\n{_IDS}",
    "with neighbours, attention and factors": f"{_NEIGHBOURS}{_FACTORS}",
    "with neighbours, attention, users alike and factors": f"{_USERS}{_FACTORS}",
    "with segments": _SEGMENTS,
    "with long stays": "[learn]\nwatch_share = 0.2\n",
    "varied by relevance": "[slate]\ndiversity = 0.5\n",
}
FIGURES = {
    "NDCG@10": "shown.ndcg@10",
    "NDCG@10 of all live": "live.ndcg@10",
    "AUC": "engagement.auc",
    "AUC of leaves": "quick_leave.auc",
    "found by new users": "cold.users.recall@10",
    "found by known users": "known.users.recall@10",
    "diversity": "slate.diversity",
}
"""The last three are of lists as they would be served, the others of ranks before that."""
Worth = dict[str, dict[str, tuple[float, float, float]]]
"""For each change the difference of each figure that the log has, and its interval's ends."""
_TAGGED = (b'"kind":"room"', b'"kind":"host"', b'"kind":"product"')


def write_policies(folder: Path, parts: Mapping[str, str]) -> list[str]:
    """A policy file for all parts as they are, then one for each change; their paths."""
    paths = []
    for what, text in {"all": "", **parts}.items():
        path = folder / f"{what.replace(' ', '_')}.toml"
        path.write_text(text, "utf-8")
        paths.append(str(path))
    return paths


def worth(log: Path, folder: Path, parts: Mapping[str, str]) -> Worth:
    """What each change of the policy does."""
    backtest = [sys.executable, "-m", "flows.cli", "backtest", str(log), "--out", str(folder)]
    folder.mkdir(parents=True, exist_ok=True)
    for path in write_policies(folder, parts):
        backtest += ["--policy", path]
    run(backtest)
    policies = json.loads((folder / "metrics.json").read_text("utf-8"))["policies"]
    found = {}
    for what in parts:
        told = policies[what.replace(" ", "_")]["differences"]
        found[what] = {
            name: (told[figure]["value"], told[figure]["low"], told[figure]["high"])
            for name, figure in FIGURES.items()
            if told.get(figure, {}).get("low") is not None
        }
    return found


def without_tags(log: Path, out: Path) -> None:
    """Write a plain log again, its rooms, hosts and products without tags; bad lines stay so."""
    with log.open("rb") as lines, out.open("wb") as file:
        for line in lines:
            if any(kind in line for kind in _TAGGED):
                with contextlib.suppress(orjson.JSONDecodeError):
                    line = orjson.dumps({**orjson.loads(line), "tags": []})
            file.write(line.rstrip(b"\n") + b"\n")


def tell(found: Worth) -> None:
    """Print the table."""
    for what, figures in found.items():
        for name, (value, low, high) in figures.items():
            print(f"  {what:32s} {name:20s} {value:+.4f}  [{low:+.4f}, {high:+.4f}]", flush=True)


def main(argv: Sequence[str] | None = None, parts: Mapping[str, str] = PARTS) -> None:
    """Ablate over one log."""
    parser = argparse.ArgumentParser(prog="python -m bench.ablation", description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--without-tags", action="store_true", help="of the log's catalogue")
    parser.add_argument(
        "--change", action="append", choices=tuple(parts), metavar="NAME", help="none other"
    )
    asked = parser.parse_args(argv)
    parts = {what: parts[what] for what in asked.change or parts}
    with tempfile.TemporaryDirectory() as scratch:
        folder, log = Path(scratch), asked.log
        if asked.without_tags:
            log = folder / "log.jsonl"
            without_tags(asked.log, log)
        tell(worth(log, folder / "backtest", parts))


if __name__ == "__main__":
    main()
