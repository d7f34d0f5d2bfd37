"""The report of a backtest: one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from evaluation import svg
from evaluation.dates import day_and_time, moment_text
from evaluation.page_parts import TONES, bounds_section, card, document, legend, section
from evaluation.page_tables import (
    bounds_table,
    by_segment,
    cuts_table,
    off_policy_table,
    summary_table,
)
from evaluation.words import FOREST, SOURCES

Report = Mapping[str, Any]


def render(report: Report) -> str:
    """The page of `evaluation.compare.compare`'s figures, beside `title` and `logs`."""
    policies: Mapping[str, Report] = report["policies"]
    names = list(policies)
    first = policies[names[0]]
    parts = [
        _head(report, names, first),
        section(
            "Summary",
            "Below each figure stands its 95 % interval over users. A badge is the difference to "
            f"<b>{escape(names[0])}</b>, taken in pairs: coloured when it is real, which is when "
            "its interval excludes 0.",
            card(summary_table(policies)),
        ),
        bounds_section(bounds_table(policies)),
        _differences(policies),
        _over_time(policies),
        section(
            "Every cut",
            "Above: the lists as they were shown, ranked anew by each policy; “as shown” is the "
            "order on the screen itself, which clicks favour. Below: the engaged rooms among all "
            "that were live.",
            card("<h3>As shown</h3>" + cuts_table(policies, "shown"))
            + card("<h3>All rooms live</h3>" + cuts_table(policies, "live")),
        ),
        section(
            "Who is served how well",
            "Each kind of user by itself. New and old are lists, light and heavy are users.",
            card(by_segment(policies)),
        ),
        _calibration(policies),
        section(
            "Off-policy value",
            "What the policy would have earned in place of the one that made the log, by the "
            "log's own propensities. A mean weight far from 1 says that propensities are wrong or "
            "do not reach what the policy does. With fewer than 100 effective decisions, or more "
            "than 5 % of the weights cut away, it is too thin, and no difference is called real.",
            card(off_policy_table(policies, report["clip_max"])),
        ),
        _sources(report),
    ]
    return document(str(report.get("title", "Backtest")), parts)


def _head(report: Report, names: Sequence[str], first: Report) -> str:
    counts = first["counts"]
    begin_ms, end_ms = first["period_ms"]
    facts = [
        ("lists", f"{counts['lists']:,}"),
        ("engaged with", f"{counts['lists_engaged']:,}"),
        ("users", f"{counts['users']:,}"),
        ("rooms", f"{counts['rooms']:,}"),
        ("from", day_and_time(begin_ms)),
        ("to", day_and_time(end_ms)),
    ]
    shown = "".join(f"<div>{name} <b>{escape(value)}</b></div>" for name, value in facts)
    logs = ", ".join(escape(str(log)) for log in report.get("logs", ()))
    return (
        f"<h1>{escape(str(report.get('title', 'Backtest')))}</h1>"
        f'<p class="soft">{len(names)} {"policy" if len(names) == 1 else "policies"} over the same '
        f"log{': ' + logs if logs else ''}. Nothing later than an event is ever seen.</p>"
        f'<div class="facts">{shown}</div>{legend(names)}'
    )


def _differences(policies: Mapping[str, Report]) -> str:
    names = list(policies)
    if len(names) < 2:
        return ""
    cards = []
    for place, name in enumerate(names[1:], 1):
        held = policies[name]["differences"]
        bars = [
            svg.Bar(words, one["value"], one["low"], one["high"], place % TONES, one["real"])
            for key, words in FOREST
            if (one := held.get(key)) and one.get("low") is not None
        ]
        label = f"{name} less {names[0]}, with 95 % intervals"
        cards.append(
            card(f"<h3>{escape(name)} less {escape(names[0])}</h3>{svg.intervals(bars, label)}")
        )
    return section(
        "Differences",
        "Full dots are real, hollow ones are not. To the right is more, which for the bubble is "
        "worse.",
        f'<div class="grid2">{"".join(cards)}</div>',
    )


def _over_time(policies: Mapping[str, Report]) -> str:
    wanted = (
        ("shown.ndcg@10", "NDCG@10, lists as shown"),
        ("live.ndcg@10", "NDCG@10, all rooms live"),
        ("engagement.auc", "AUC of engagement"),
        ("engagement.log_loss", "Log-loss of engagement"),
        ("slate.bubble", "Bubble: 0 is as mixed as the platform, 1 is one tag"),
        ("slate.diversity", "Diversity of a list"),
    )
    x_text = moment_text(*next(iter(policies.values()))["period_ms"])
    cards = []
    for key, words in wanted:
        series = _series(
            {
                name: [row for row in policy["over_time"].get(key, ()) if row[1] is not None]
                for name, policy in policies.items()
            }
        )
        cards.append(card(f"<h3>{words}</h3>{svg.lines(series, words + ' over time', x_text)}"))
    return section(
        "As time went on",
        "Each point is a slice of equally many lists or impressions, judged before they were "
        "learnt.",
        f'<div class="grid2">{"".join(cards)}</div>',
    )


def _calibration(policies: Mapping[str, Report]) -> str:
    cards = []
    for model, words in (
        ("engagement", "Engagement"),
        ("quick_leave", "Quick leave"),
        ("order", "Order"),
        ("watch", "Long stay"),
    ):
        series = _series(
            {name: policy["calibration"].get(model, ()) for name, policy in policies.items()}
        )
        if series:
            plot = svg.lines(
                series, f"Calibration of {model}", svg.number, width=420, height=320, diagonal=True
            )
            cards.append(card(f"<h3>{words}</h3>{plot}"))
    return section(
        "Calibration",
        "Stated probability across, what came of it up; on the dashed line both are the same. Each "
        "point holds a twelfth of the impressions.",
        f'<div class="grid2">{"".join(cards)}</div>',
    )


def _series(rows: Mapping[str, Sequence[Sequence[float]]]) -> list[svg.Series]:
    """A line each policy, of the first two numbers of its rows; none where it has no rows."""
    return [
        svg.Series(name, [(row[0], row[1]) for row in own], place % TONES)
        for place, (name, own) in enumerate(rows.items())
        if own
    ]


def _sources(report: Report) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in SOURCES)
    return (
        "<section><h2>Which formula</h2>"
        f'<p class="note">{report["resamples"]:,} resamples, seed {report["seed"]}; weights are '
        f"cut at {report['clip_max']:g}.</p><dl>{rows}</dl></section>"
    )
