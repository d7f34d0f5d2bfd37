"""The figures of one live process, taken from the steps' newest reports when they are asked for."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from decisions.push.wording import WHY_NOT
from events.letters import REASONS
from flows.live_runtime import LiveRuntime
from flows.metrics.names import METRICS
from sinks.counters import Histogram

Labels = tuple[str, ...]
Sample = tuple[str, Labels, float]
Reports = Mapping[str, Mapping[str, Any]]

_OUTCOMES = ("writes", "raised", "refused", "repeated", "coalesced", "put_back")
_USERS = {
    "duplicates": "duplicate_events_total",
    "late": "late_events_total",
    "too_old": "too_old_events_total",
    "unknown_item": "unknown_item_events_total",
    "no_consent": "unconsented_events_total",
    "examples": "examples_total",
    "users": "users",
}
_KEPT_OUT = {"kept_out_left": "left", "kept_out_passed_over": "passed_over"}
_TABLES = {"neighbours": "engagements", "segments": "rows"}
"""How each step that is off by default names the rows that it took."""
_MODELS = ("auc", "log_loss", "calibration_error")


class LiveFigures(Collector):
    """Reads what the steps of a process told last; so the flow itself spends nothing on it."""

    def __init__(
        self, runtime: LiveRuntime, restarts: int = 0, recovery: str | None = None
    ) -> None:
        self._runtime = runtime
        self._restarts = restarts
        self._recovery = recovery

    def collect(self) -> Iterator[Family]:
        """All metrics; those of which nothing is known yet without samples."""
        samples: dict[str, list[tuple[Labels, float]]] = {}
        for name, labels, value in self._samples():
            samples.setdefault(f"liveloom_{name}", []).append((labels, value))
        for metric in METRICS:
            family: Any
            if metric.kind == "histogram":
                yield _histogram(metric.name, metric.says, self._runtime.counters.reply_us)
                continue
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.says, labels=metric.labels)
            for labels, value in samples.pop(metric.name, ()):
                family.add_metric(labels, value)
            yield family
        assert not samples, f"not among the metrics: {', '.join(samples)}"

    def _samples(self) -> Iterator[Sample]:
        reports = dict(self._runtime.told)
        yield from _collected({n: r for n, r in reports.items() if n.startswith("collect ")})
        yield from _observed(reports)
        yield from _tabled(reports)
        yield from _decided([r for n, r in reports.items() if n.startswith("decide ")])
        for model, card in reports.get("cards", {}).items():
            yield from _model(model, card)
        yield from self._process()

    def _process(self) -> Iterator[Sample]:
        runtime = self._runtime
        clocks = [one["clock_ms"] for one in dict(runtime.told).values() if "clock_ms" in one]
        if clocks and min(clocks) > 0:
            yield "event_time_lag_seconds", (), max(0, runtime.now() - min(clocks)) / 1000
        yield "catalogue_events", (), runtime.catalogue.seq
        yield "shards_waiting", (), len(runtime.waiting_observe | runtime.waiting_decide)
        counters = runtime.counters
        for outcome in _OUTCOMES:
            name = "written" if outcome == "writes" else outcome
            yield "redis_values_total", (name,), getattr(counters, outcome)
        yield "pushes_total", (), counters.pushes
        yield "redis_retries_total", (), counters.retries
        yield "redis_lost_total", (), counters.lost
        yield "redis_away", (), float(bool(counters.away))
        epochs = runtime.epochs
        yield "epochs_total", (), epochs.ended
        if epochs.ended:
            yield "epoch_seconds", (), epochs.last.seconds
            yield "epoch_stall_seconds", (), epochs.last.stall_s
            yield "snapshot_seconds", (), epochs.last.snapshot_s
            yield "snapshot_bytes", (), epochs.last.snapshot_bytes
        if self._recovery is not None:
            disk = shutil.disk_usage(self._recovery)
            yield "recovery_free_bytes", (), disk.free
            yield "recovery_disk_bytes", (), disk.total
        yield "restarts_total", (), self._restarts
        yield "ready", (), float(not runtime.unready())


def _collected(reports: Reports) -> Iterator[Sample]:
    events: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    letters: Counter[str] = Counter(dict.fromkeys(REASONS, 0))
    newest_ms = 0
    for name, one in reports.items():
        topic, _, part = name.removeprefix("collect ").rpartition("/")
        events[topic] += one["events"]
        lost[topic] += one["lost_rows"]
        letters.update(one["dead_letters_by_reason"])
        newest_ms = max(newest_ms, one["newest_event_time_ms"])
        yield "rows_behind", (topic, part), one["rows_behind"]
        yield "rows_waiting", (topic, part), one["rows_waiting"]
    yield from (("events_total", (topic,), count) for topic, count in events.items())
    yield from (("lost_rows_total", (topic,), count) for topic, count in lost.items())
    yield from (("dead_letters_total", (reason,), count) for reason, count in letters.items())
    if newest_ms:
        yield "newest_event_time_seconds", (), newest_ms / 1000


def _observed(reports: Reports) -> Iterator[Sample]:
    names = (*_USERS, *_KEPT_OUT)
    counts: Counter[str] = Counter(dict.fromkeys(names, 0))
    for name, one in reports.items():
        if name.startswith("observe "):
            counts.update({key: one[key] for key in names})
        elif name == "identity":
            counts["duplicates"] += one["identity_duplicates"]
    yield from ((name, (), counts[key]) for key, name in _USERS.items())
    for key, reason in _KEPT_OUT.items():
        yield "kept_out_rooms_total", (reason,), counts[key]


def _tabled(reports: Reports) -> Iterator[Sample]:
    for kind, taken in _TABLES.items():
        counts = reports.get(kind, {})
        yield "table_rows_total", (kind, "taken"), counts.get(taken, 0)
        for outcome in ("late", "refused", "dropped"):
            yield "table_rows_total", (kind, outcome), counts.get(outcome, 0)


def _decided(reports: Iterable[Mapping[str, Any]]) -> Iterator[Sample]:
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter(dict.fromkeys(WHY_NOT, 0))
    for one in reports:
        push = one["push"]
        counts.update(slates=one["slates"], behind=one["tables_behind"])
        counts.update(considered=push["considered"], sent=push["sent"])
        refused.update(push["refused_by"])
    yield "decisions_total", ("slate",), counts["slates"]
    yield "decisions_total", ("push",), counts["sent"]
    yield "push_considered_total", (), counts["considered"]
    yield from (("push_refusals_total", (reason,), count) for reason, count in refused.items())
    yield "tables_behind_total", (), counts["behind"]


def _model(model: str, card: Mapping[str, Any]) -> Iterator[Sample]:
    yield "model_examples_total", (model,), card["examples"]
    yield "model_drifts_total", (model,), card["drift"]["count"]
    for name in _MODELS:
        value = card["rolling"][name]
        if value is not None:
            yield f"model_{name}", (model,), value


def _histogram(name: str, says: str, histogram: Histogram) -> Family:
    """A histogram of microseconds as one of seconds; its last bucket has no upper end."""
    counts, total = list(histogram.counts), 0
    buckets: list[tuple[str, float]] = []
    for bucket, count in enumerate(counts):
        total += count
        upper = repr((1 << bucket) / 1e6) if bucket < len(counts) - 1 else "+Inf"
        buckets.append((upper, total))
    family = HistogramMetricFamily(name, says)
    family.add_metric([], buckets, sum_value=histogram.total_s)
    return family
