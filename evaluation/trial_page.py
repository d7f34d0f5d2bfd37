"""The report of an experiment: one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from evaluation import svg
from evaluation.dates import moment_text
from evaluation.page_parts import TONES, bounds_section, card, document, legend, section
from evaluation.page_tables import bounds_table, figures_table
from evaluation.words import EXPOSURE, Figure

Report = Mapping[str, Any]

PARTS: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (
        "what lists were worth to those who saw them",
        (
            Figure("utility", "utility", "expected satisfaction a list, by the world's truth", 1),
            Figure("decided_utility", "of decided lists", "without the world's own lists", 1),
            Figure("clicks", "clicks", "a list", 1),
            Figure("minutes", "minutes", "watched a list", 1),
        ),
    ),
    (
        "reach",
        (
            Figure("rooms_effective", "effective rooms", "2 to the entropy of all slots", 1),
            Figure("rooms_shown", "rooms shown", "to anyone", 1),
            Figure("rooms_met", "rooms met", "different ones a user", 1),
            Figure("gini_hosts", "Gini of hosts", "0 equal exposure, 1 all for one host", -1),
            Figure("decided", "decided", "lists that the policy made", 0, "share"),
        ),
    ),
    EXPOSURE,
    (
        "utility, by who saw it",
        (
            Figure("new.utility", "new", "a user's first three lists", 1),
            Figure("old.utility", "old", "all later ones", 1),
            Figure("light.utility", "light", "four fifths of the users", 1),
            Figure("heavy.utility", "heavy", "the fifth with the most lists", 1),
        ),
    ),
    (
        "clicks a list, by who saw it",
        (
            Figure("new.clicks", "new", "a user's first three lists", 1),
            Figure("old.clicks", "old", "all later ones", 1),
            Figure("light.clicks", "light", "four fifths of the users", 1),
            Figure("heavy.clicks", "heavy", "the fifth with the most lists", 1),
        ),
    ),
)


def render_trial(report: Report) -> str:
    """The page of `evaluation.trial.compare_arms`, beside `worlds` and `minutes`."""
    arms: Mapping[str, Report] = report["arms"]
    names = list(arms)
    x_text = moment_text(*arms[names[0]]["period_ms"])
    series = [
        svg.Series(name, [(at_ms, value) for at_ms, value in arm["over_time"]], place % TONES)
        for place, (name, arm) in enumerate(arms.items())
    ]
    bars = [
        svg.Bar(name, one["value"], one["low"], one["high"], place % TONES, one["real"])
        for place, name in enumerate(names)
        if (one := arms[name]["differences"].get("utility")) and one.get("low") is not None
    ]
    title = "A/B: " + ", ".join(names)
    lists = ", ".join(f"{escape(name)} {arms[name]['counts']['lists']:,}" for name in names)
    head = (
        f"<h1>{escape(title)}</h1>"
        f'<p class="soft">Simulated viewers see what each policy decides, and go on from there. '
        f"{report['worlds']} world{'s' if report['worlds'] > 1 else ''} of {report['minutes']:g} "
        "minutes, the same for every policy, each to itself: no arm learns from another's users. "
        f"Lists: {lists}.</p>{legend(names)}"
    )
    plots = card(
        f"<h3>Utility a list</h3>{svg.lines(series, 'Utility a list over time', x_text)}"
    ) + card(
        f"<h3>Utility, less that of {escape(names[0])}</h3>"
        + svg.intervals(bars, f"Utility less that of {names[0]}")
    )
    return document(
        title,
        [
            head,
            section(
                "Summary",
                "Below each figure stands its 95 % interval over users. A badge is the difference "
                f"to <b>{escape(names[0])}</b>, the same users in pairs: coloured when it is real, "
                "which is when its interval excludes 0.",
                card(figures_table(arms, PARTS)),
            ),
            bounds_section(bounds_table(arms)),
            section(
                "Utility",
                "The expected satisfaction of the visits that a list leads to, by the simulator's "
                "own knowledge of tastes: no click has to be awaited, so no luck is in it.",
                f'<div class="grid2">{plots}</div>',
            ),
        ],
    )
