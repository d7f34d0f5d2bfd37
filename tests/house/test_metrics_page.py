"""Every metric of the code is explained on the operations page, and none that there is not."""

from __future__ import annotations

import re

from flows.metrics.names import METRICS, STANDARD

KNOWN = {metric.name for metric in METRICS} | set(STANDARD)


def test_each_metric_is_explained(texts: dict[str, str]):
    part = texts["docs/operations.md"].split("## Metrics", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `((?:liveloom|process)_\w+)` \|", part, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == KNOWN


def test_names_say_kind_and_unit():
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert not metric.name.endswith(("_ms", "_us", "_percent", "_kb")), metric.name
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)


def test_labels_are_bounded():
    allowed = {"topic", "partition", "reason", "kind", "model", "outcome"}
    assert {label for metric in METRICS for label in metric.labels} <= allowed
