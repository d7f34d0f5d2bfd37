"""The whole line comes up by its compose file, and every panel and alert gets its figures."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.docker.engine import Engine
from tests.docker.images import ROOT
from tests.docker.line import Line, line

DOCKER = ROOT / "docker"
_INTERVAL = "30s"
# An alert is a query, a comparison and a number; the query gives figures while nothing is wrong.
_ALERT = re.compile(r"(.*) ([<>]) ([\d.]+)", re.DOTALL)


@pytest.fixture(scope="module")
def running(docker: Engine, image: str, scratch: Path) -> Iterator[Line]:
    with line(docker, scratch / "line") as made:
        yield made


def panel_queries() -> list[str]:
    dashboard = json.loads((DOCKER / "grafana/dashboards/liveloom.json").read_text("utf-8"))
    return [
        target["expr"].replace("$__rate_interval", _INTERVAL)
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    ]


def alerts() -> list[dict[str, str]]:
    (group,) = yaml.safe_load((DOCKER / "prometheus/alerts.yml").read_text("utf-8"))["groups"]
    rules: list[dict[str, str]] = group["rules"]
    return rules


def without_figures(running: Line, queries: list[str]) -> list[str]:
    """Those of the queries to which nothing is answered."""
    paths = [f"query?{urllib.parse.urlencode({'query': query})}" for query in queries]
    found = running.asked(*paths)
    return [query for query, one in zip(queries, found, strict=True) if not one["result"]]


def test_the_flow_is_healthy_and_its_own_port_is_not_asked(running: Line):
    running.until(lambda: running.inspect("flow")["State"]["Health"]["Status"] == "healthy")
    state = running.inspect("flow")["State"]
    assert state["Running"]
    assert running.inspect("flow")["RestartCount"] == 0


def test_prometheus_sees_both_processes(running: Line):
    def both() -> bool:
        targets = running.asked("targets")[0]["activeTargets"]
        return [one["health"] for one in targets] == ["up", "up"]

    running.until(both)


def test_every_panel_gets_figures(running: Line):
    queries = panel_queries()
    assert len(queries) > 30
    running.until(lambda: not without_figures(running, queries))


def test_every_alert_has_figures_to_judge_and_none_fires(running: Line):
    queries = []
    for rule in alerts():
        matched = _ALERT.fullmatch(rule["expr"])
        assert matched, rule["alert"]
        queries.append(matched[1])
    running.until(lambda: not without_figures(running, queries))
    (rules,) = running.asked("rules")
    known = [rule for group in rules["groups"] for rule in group["rules"]]
    assert sorted(rule["name"] for rule in known) == sorted(rule["alert"] for rule in alerts())
    assert [rule["name"] for rule in known if rule["health"] == "err"] == []
    assert [rule["name"] for rule in known if rule["state"] == "firing"] == []


def test_promtool_finds_nothing_wrong(docker: Engine, running: Line):
    promtool = ("exec", running.container("prometheus"), "promtool", "check")
    assert "SUCCESS" in docker.docker(*promtool, "config", "/etc/prometheus/prometheus.yml")
    said = docker.docker(*promtool, "rules", "/etc/prometheus/alerts.yml")
    assert f"{len(alerts())} rules" in said


def test_the_flow_s_log_is_an_object_a_line(docker: Engine, running: Line):
    said = docker.docker("logs", running.container("flow")).splitlines()
    lines = [json.loads(one) for one in said if one.startswith("{")]
    assert any(one["message"].startswith("reading") for one in lines)
    assert {one["level"] for one in lines} <= {"info", "warning"}


def test_a_stop_is_clean_and_a_start_goes_on(running: Line):
    def events() -> float:
        path = f"query?{urllib.parse.urlencode({'query': 'sum(liveloom_events_total)'})}"
        result = running.asked(path)[0]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    before = events()
    assert before > 0
    flow = running.container("flow")
    running.compose("stop", "flow")
    assert running.inspect("flow")["State"]["ExitCode"] == 0
    running.compose("start", "flow")
    assert running.container("flow") == flow
    # It counts on from its recovery folder.
    running.until(lambda: events() > before)
