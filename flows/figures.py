"""The figures of a replay as tables for people, and what could not be used as the last lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from events.letters import REASONS
from flows.console import table

Figures = Mapping[str, Any]


def print_figures(out: Console, figures: Figures, folder: str) -> None:
    """All of a replay's `metrics.json` that people ask for."""
    out.print()
    _events(out, figures)
    _ranking(out, figures["ranking"])
    _models(out, figures["models"])
    _push(out, figures["push"])
    out.print(f"All figures: {folder}/metrics.json; decisions: {folder}/decisions.jsonl")
    for line in warnings(figures, folder):
        out.print(line, soft_wrap=True)


def warnings(figures: Figures, folder: str) -> list[str]:
    """What could not be used, and why; empty where everything could."""
    lines = []
    if figures["dead_letters"]:
        by_reason = ", ".join(
            f"{count:,} {reason} ({REASONS.get(reason, reason)})"
            for reason, count in figures["dead_letters_by_reason"].items()
        )
        lines.append(
            f"{_events_of(figures['dead_letters'])} could not be used: {by_reason}; "
            f"see {folder}/dead_letters.jsonl"
        )
    if figures["unknown_item"]:
        lines.append(
            f"{_events_of(figures['unknown_item'])} could not be used: unknown_item "
            "(no room or product of that id was ever announced)"
        )
    return lines


def _events_of(count: int) -> str:
    return f"{count:,} event" if count == 1 else f"{count:,} events"


def _events(out: Console, figures: Figures) -> None:
    shown = table("", "count", right=("count",))
    for name, value in (
        ("events", figures["events"]),
        ("events a second", round(figures["events_per_second"])),
        ("dead letters", figures["dead_letters"]),
        *((f"  {reason}", n) for reason, n in figures["dead_letters_by_reason"].items()),
        ("duplicates", figures["duplicates"]),
        ("late", figures["late"]),
        ("of unknown rooms or products", figures["unknown_item"]),
        ("lists decided", figures["slates"]),
        ("values written to Redis", figures["writes"]),
    ):
        shown.add_row(name, f"{value:,}")
    out.print(shown)
    out.print()


def _ranking(out: Console, ranking: Figures) -> None:
    last = ranking["last"]["lists"]
    columns = ("NDCG@10", f"last {last:,}", "hit@10", "MRR", "ours is better by")
    shown = table("ranking", *columns, right=columns)
    rankers = {"ours": ranking, **ranking["baselines"]}
    for name, one in rankers.items():
        against = ranking["bootstrap"].get(name)
        gain = ""
        if against and against.get("mean_difference") is not None:
            gain = (
                f"{against['mean_difference']:+.4f} [{against['low']:+.4f}, {against['high']:+.4f}]"
            )
        numbers = [one["ndcg_at_10"], one["last"]["ndcg_at_10"], one["hit_at_10"], one["mrr"]]
        shown.add_row(name, *map(number, numbers), gain)
    out.print(shown)
    out.print(
        f"over {ranking['lists']:,} lists with a click, each ranked before it was learnt; "
        "differences over the last ones, in brackets 95 % by bootstrap.\n"
        "as_shown is the order on the screen itself, and clicks favour what stands on top."
    )
    out.print()


def _models(out: Console, models: Mapping[str, Figures]) -> None:
    columns = ("examples", "AUC", "log-loss", "calibration error")
    shown = table("model", *columns, right=columns)
    for name, one in models.items():
        shown.add_row(
            name,
            f"{one['examples']:,}",
            *(number(one[key]) for key in ("auc", "log_loss", "calibration_error")),
        )
    out.print(shown)
    out.print()


def _push(out: Console, push: Figures) -> None:
    shown = table("pushes", "count", right=("count",))
    for name in ("considered", "sent", "refused"):
        shown.add_row(name, f"{push[name]:,}")
    for reason, count in push["refused_by"].items():
        shown.add_row(f"  {reason}", f"{count:,}")
    out.print(shown)
    out.print()


def number(value: float | None) -> str:
    """A figure to four places; a dash where nothing was seen that defines it."""
    return "-" if value is None else f"{value:.4f}"
