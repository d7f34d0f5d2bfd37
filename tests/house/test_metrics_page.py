"""Every metric of the code is explained on the operations page, shown or watched, and no other."""

from __future__ import annotations

import json
import re

from flows.metrics.names import METRICS, STANDARD

KNOWN = {metric.name for metric in METRICS} | set(STANDARD)


def test_each_metric_is_explained(texts: dict[str, str]):
    part = texts["docs/operations.md"].split("## Metrics", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `((?:liveloom|process)_\w+)` \|", part, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == KNOWN


def _alerts(texts: dict[str, str]) -> str:
    return texts["docker/prometheus/alerts.yml"]


def test_each_metric_is_on_the_dashboard_or_watched(texts: dict[str, str]):
    dashboard = json.loads(texts["docker/grafana/dashboards/liveloom.json"])
    queries = [one["expr"] for panel in dashboard["panels"] for one in panel.get("targets", ())]
    asked = "\n".join([*queries, _alerts(texts)])
    names = re.findall(r"\b(?:liveloom|process)_[a-z_]+", asked)
    assert {name.removesuffix("_bucket") for name in names} == KNOWN


def test_each_alert_has_its_remedy(texts: dict[str, str]):
    part = texts["docs/operations.md"].split("## Alerts", 1)[1].split("\n## ", 1)[0]
    told = re.findall(r"^\| `(Liveloom\w+)` \|", part, re.MULTILINE)
    assert told == re.findall(r"- alert: (\w+)", _alerts(texts))


def test_names_say_kind_and_unit():
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert not metric.name.endswith(("_ms", "_us", "_percent", "_kb")), metric.name
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)


def test_labels_are_bounded():
    allowed = {"topic", "partition", "reason", "kind", "model", "outcome"}
    assert {label for metric in METRICS for label in metric.labels} <= allowed
