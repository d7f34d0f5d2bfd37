"""The report's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from evaluation.page_parts import TONES
from evaluation.ranking import CUTS
from evaluation.svg import number
from evaluation.words import (
    BOUNDS,
    COVERAGE,
    SEGMENTED,
    SEGMENTS,
    SUMMARY,
    Figure,
    bound_text,
)

Policies = Mapping[str, Mapping[str, Any]]
_NONE = '<span class="none">–</span>'
_RATIO = "{:.3f}".format


def summary_table(policies: Policies) -> str:
    """What matters most: a figure a row, a policy a column."""
    rows = _rows(policies, SUMMARY)
    coverage = [figure for figure in COVERAGE if _any_coverage(policies, figure.key)]
    rows += [_coverage_row(figure, policies) for figure in coverage]
    return _table(["", *_named(policies).values()], rows)


def figures_table(policies: Policies, parts: Sequence[tuple[str, Sequence[Figure]]]) -> str:
    """Figures of several parts: a figure a row, a policy a column."""
    return _table(["", *_named(policies).values()], _rows(policies, parts))


def _rows(policies: Policies, parts: Sequence[tuple[str, Sequence[Figure]]]) -> list[str]:
    rows = []
    for part, figures in parts:
        own = [figure for figure in figures if _any(policies, figure.key)]
        if own:
            rows.append(_part(part, len(policies)))
            rows += [_row(figure, policies) for figure in own]
    return rows


def _named(policies: Iterable[str]) -> dict[str, str]:
    """Each policy's name in its colour."""
    return {
        name: f'<span class="key t{place % TONES}">{escape(name)}</span>'
        for place, name in enumerate(policies)
    }


def _part(title: str, columns: int) -> str:
    return f'<tr class="part"><th colspan="{columns + 1}">{escape(title)}</th></tr>'


def _any(policies: Policies, key: str) -> bool:
    return any(
        policy["figures"].get(key, {}).get("value") is not None for policy in policies.values()
    )


def _any_coverage(policies: Policies, key: str) -> bool:
    return any(policy["coverage"].get(key) is not None for policy in policies.values())


def _row(figure: Figure, policies: Policies) -> str:
    cells = [
        _cell(figure, policy["figures"].get(figure.key), policy["differences"].get(figure.key))
        for policy in policies.values()
    ]
    return f"<tr>{_title(figure)}{''.join(cells)}</tr>"


def _coverage_row(figure: Figure, policies: Policies) -> str:
    values = [policy["coverage"].get(figure.key) for policy in policies.values()]
    cells = [f'<td><span class="value">{_written(figure, one)}</span></td>' for one in values]
    return f"<tr>{_title(figure)}{''.join(cells)}</tr>"


def _title(figure: Figure) -> str:
    return (
        f'<th>{escape(figure.name)}<span class="what">{escape(figure.meaning)}</span></th>'
        if figure.meaning
        else f"<th>{escape(figure.name)}</th>"
    )


def _cell(
    figure: Figure, held: Mapping[str, Any] | None, difference: Mapping[str, Any] | None
) -> str:
    if held is None or held["value"] is None:
        return f"<td>{_NONE}</td>"
    badge = ""
    if difference and difference.get("value") is not None:
        badge = _badge(figure, difference)
    return f"<td>{_within(held, partial(_written, figure))}{badge}</td>"


def _within(held: Mapping[str, Any], written: Callable[[float], str]) -> str:
    """A value, and its interval where it has one."""
    value = f'<span class="value">{written(held["value"])}</span>'
    if held.get("low") is None:
        return value
    return f'{value}<span class="within">{written(held["low"])} … {written(held["high"])}</span>'


def _badge(figure: Figure, difference: Mapping[str, Any]) -> str:
    value = difference["value"]
    kind, sign = "", "±"
    if difference.get("real"):
        sign = "▲" if value > 0 else "▼"
        kind = " moved"
        if figure.better:
            kind = " good" if value * figure.better > 0 else " bad"
    elif value:
        sign = "+" if value > 0 else "−"
    span = ""
    if difference.get("low") is not None:
        low, high = _written(figure, difference["low"]), _written(figure, difference["high"])
        span = f' title="95 %: {low} … {high}"'
    amount = _written(figure, abs(value), difference=True)
    return f'<span class="by{kind}"{span}>{sign} {amount}</span>'


def _written(figure: Figure, value: float | None, difference: bool = False) -> str:
    if value is None:
        return _NONE
    if figure.kind == "share":
        return f"{100.0 * value:.1f} points" if difference else f"{value:.1%}"
    return f"{value:.4f}" if abs(value) < 10.0 else number(value)


def cuts_table(policies: Policies, group: str) -> str:
    """NDCG, HR and Recall at every cut, and MRR: a policy a row."""
    head = ["", *(f"{name}@{cut}" for name in ("NDCG", "HR", "Recall") for cut in CUTS), "MRR"]
    keys = [f"{name}@{cut}" for name in ("ndcg", "hr", "recall") for cut in CUTS] + ["mrr"]
    rows = []
    if group == "shown":
        shown = next(iter(policies.values()))["figures"]
        rows.append(_plain_row("as shown", [shown.get(f"logged.{key}") for key in keys]))
    words = _named(policies)
    for name, policy in policies.items():
        rows.append(
            _plain_row(words[name], [policy["figures"].get(f"{group}.{key}") for key in keys])
        )
    return _table(head, rows, "tight")


def _plain_row(name: str, held: Sequence[Mapping[str, Any] | None]) -> str:
    cells = "".join(
        f"<td>{_NONE if one is None or one['value'] is None else format(one['value'], '.3f')}</td>"
        for one in held
    )
    return f"<tr><th>{name}</th>{cells}</tr>"


def by_segment(policies: Policies) -> str:
    """The main figures of each kind of user."""
    rows = []
    names = _named(policies)
    for segment, words in SEGMENTS.items():
        rows.append(_part(words, len(SEGMENTED)))
        for name, policy in policies.items():
            cells = []
            for figure in SEGMENTED:
                key = f"{segment}.{figure.key}"
                held, other = policy["figures"].get(key), policy["differences"].get(key)
                cells.append(_cell(figure, held, other))
            rows.append(f"<tr><th>{names[name]}</th>{''.join(cells)}</tr>")
    return _table(["", *(escape(figure.name) for figure in SEGMENTED)], rows)


def bounds_table(policies: Policies) -> str:
    """Every bound a row, a policy a column, and whether it is kept."""
    names = _named(policies)
    first = next(iter(policies))
    found = {name: _bounds(policy["bounds"]) for name, policy in policies.items()}
    rows = []
    for key in sorted({key for own in found.values() for key in own}, key=_order):
        told = next(own[key] for own in found.values() if key in own)
        cells = [_bound_cell(own.get(key)) for own in found.values()]
        text = escape(bound_text(told, first))
        rows.append(f"<tr><th>{text}</th>{''.join(cells)}</tr>")
    worst = [_worst_cell(policy["worst_segment"]) for policy in policies.values()]
    rows.append(f"<tr><th>users served worst, beside all</th>{''.join(worst)}</tr>")
    return _table(["", *names.values()], rows)


def _worst_cell(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return f"<td>{_NONE}</td>"
    segment = f'<span class="by">{escape(one["segment"])} users</span>'
    return f"<td>{_within(one, _RATIO)}{segment}</td>"


def _bounds(bounds: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(one["bound"], one["of"].split(".")[0]): one for one in bounds}


def _order(key: tuple[str, str]) -> tuple[int, int]:
    bound, segment = key
    places = list(SEGMENTS)
    return list(BOUNDS).index(bound), places.index(segment) if segment in places else -1


def _bound_cell(one: Mapping[str, Any] | None) -> str:
    if one is None or one["value"] is None:
        return f"<td>{_NONE}</td>"
    kind = {"kept": " good", "broken": " bad"}.get(one["verdict"], "")
    verdict = f'<span class="by{kind}">{one["verdict"]}, at least {one["least"]:g}</span>'
    return f"<td>{_within(one, _RATIO)}{verdict}</td>"


def off_policy_table(policies: Policies, clip_max: float) -> str:
    """What each policy would have earned, and how far that can be trusted."""
    if all(policy["off_policy"] is None for policy in policies.values()):
        return '<p class="none">The log holds no propensities, so there is nothing to go by.</p>'
    plain = Figure("", "", "", 1)
    rows = []
    first = next(iter(policies.values()))["figures"]
    logged = _cell(plain, first.get("off_policy.logged"), None)
    empty = f"<td>{_NONE}</td>"
    rows.append(f"<tr><th>the log itself</th>{logged}{empty * 5}</tr>")
    for name, policy in policies.items():
        cells = [
            _cell(
                plain,
                policy["figures"].get(f"off_policy.{estimator}"),
                policy["differences"].get(f"off_policy.{estimator}"),
            )
            for estimator in ("dr", "snips", "ips")
        ]
        about = policy["off_policy"]
        if about is None:
            cells += [empty] * 3
        else:
            cells += [
                f"<td>{about['effective_sample_size']:,.0f}"
                f'<span class="within">of {about["decisions"]:,}</span>{_thin(about)}</td>',
                f"<td>{about['weight_mean']:.3f}</td>",
                f"<td>{about['clipped_share']:.1%}</td>",
            ]
        rows.append(f"<tr><th>{_named(policies)[name]}</th>{''.join(cells)}</tr>")
    head = ["", "doubly robust", "SNIPS", "IPS", "effective sample", "mean weight"]
    return _table([*head, f"clipped at {clip_max:g}"], rows)


def _thin(about: Mapping[str, Any]) -> str:
    return '<span class="by bad">too thin to trust</span>' if about["thin"] else ""


def _table(head: Sequence[str], rows: Sequence[str], kind: str = "wide") -> str:
    columns = "".join(f"<th>{name}</th>" for name in head)
    body = "".join(rows)
    return f'<table class="{kind}"><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>'
