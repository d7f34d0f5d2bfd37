"""Every metric of a live process: its name with its unit, what kind it is, and what it says.

Labels are topics, partition numbers, learners' names and reason codes, so that their number is
bounded; no person and nothing that a person wrote is ever among them. The tests hold that each
metric stands in docs/operations.md and in a dashboard or an alert.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]


class Metric(NamedTuple):
    """A metric; a counter's name ends in `_total`, and never falls but at a restart."""

    name: str
    kind: Kind
    says: str
    labels: tuple[str, ...] = ()


def _counter(name: str, says: str, *labels: str) -> Metric:
    return Metric(f"liveloom_{name}_total", "counter", says, labels)


def _gauge(name: str, says: str, *labels: str) -> Metric:
    return Metric(f"liveloom_{name}", "gauge", says, labels)


METRICS = (
    # What comes in.
    _counter("events", "Events that were read and given to the flow.", "topic"),
    _counter("dead_letters", "Rows that could not be events.", "reason"),
    _counter("lost_rows", "Rows that were deleted before they could be read.", "topic"),
    _gauge("rows_behind", "Rows that the brokers have and the flow has not.", "topic", "partition"),
    _gauge("rows_waiting", "Rows read that wait for slower partitions.", "topic", "partition"),
    _gauge("newest_event_time_seconds", "Event time of the newest row, UTC epoch."),
    _gauge("event_time_lag_seconds", "How far the clock that timers go by is behind the wall's."),
    _gauge("catalogue_events", "Events of the catalogue that this process knows."),
    # What is made of it.
    _counter("duplicate_events", "Events that had come before."),
    _counter("late_events", "Events behind the watermark; windows still took them."),
    _counter("too_old_events", "Events older than every window."),
    _counter("unknown_item_events", "Events of a room or product that was never announced."),
    _counter("unconsented_events", "Events of people who do not agree to profiling."),
    _gauge("users", "Users whose state this process holds."),
    _gauge("shards_waiting", "Shards that wait for the catalogue or for a table."),
    _counter("examples", "Examples made for the learners."),
    _counter("kept_out_rooms", "Rooms kept out of a slate: left, or shown in vain.", "reason"),
    _counter(
        "table_rows", "Rows for neighbours and segments, by what came of them.", "kind", "outcome"
    ),
    _counter("decisions", "Decisions: slates, and pushes granted.", "kind"),
    _counter("push_considered", "Pushes that were thought about."),
    _counter("push_refusals", "Pushes that were refused.", "reason"),
    _counter("tables_behind", "Rounds decided with an older table than a replay would use."),
    # How well it predicts; of the newest examples, each scored before it was learnt.
    _counter("model_examples", "Examples that a learner was scored on.", "model"),
    _gauge("model_auc", "Area under the ROC curve.", "model"),
    _gauge("model_log_loss", "Mean log-loss, nats.", "model"),
    _gauge("model_calibration_error", "Expected calibration error, a probability.", "model"),
    _counter("model_drifts", "Changes of the losses for the worse.", "model"),
    # Where it rests.
    _counter("redis_values", "Values sent to Redis, by what became of them.", "outcome"),
    _counter("pushes", "Pushes that entered their stream."),
    Metric(
        "liveloom_redis_reply_seconds", "histogram", "From sending a call to reading its reply."
    ),
    _counter("redis_retries", "Calls to Redis that were begun again."),
    _counter("redis_lost", "Times that Redis had lost what it had acknowledged."),
    _gauge("redis_away", "1 while Redis cannot be written, else 0."),
    # How it runs.
    _counter("epochs", "Epochs that this process has ended since it began."),
    _gauge("epoch_seconds", "Length of the last epoch."),
    _gauge("epoch_stall_seconds", "Longest time in the last epoch in which nothing was read."),
    _gauge("snapshot_seconds", "Time spent on snapshots at the last end of an epoch."),
    _gauge("snapshot_bytes", "Size of the snapshots at the last end of an epoch."),
    _gauge("recovery_free_bytes", "What is free on the recovery folder's disk."),
    _gauge("recovery_disk_bytes", "Size of the recovery folder's disk."),
    _counter("restarts", "Times that all processes of the run have begun again."),
    _gauge("ready", "1 once the catalogue is known and Redis can be written, else 0."),
)
"""All of them, in the order in which they are told."""

STANDARD = (
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_start_time_seconds",
)
"""Those of every Prometheus client of which the pages make use."""
