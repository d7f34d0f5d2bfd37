"""A live run: Kafka's topics through the whole flow into Redis, until it is asked to stop."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from flows import faults
from flows.engine import run_flow
from flows.graph import build
from flows.health import HealthSink
from flows.kafka_client import client_settings, producer
from flows.kafka_source import KafkaSource, Sources
from flows.live_runtime import LiveRuntime, WallClock, wall_ms
from flows.live_shape import LIVE
from flows.logs import Form
from flows.metrics.collect import LiveFigures
from flows.metrics.epochs import TimedSink
from flows.metrics.serve import address_of, serving
from flows.routing import known_place_of
from flows.secrets import fingerprint_of, pseudonyms_of
from flows.settings import Settings
from flows.shape import Shape
from flows.stop import Stop
from sinks.adapters import DeadLetterSink, DeliverSink
from sinks.connect import connect
from sinks.dead_letters import dead_letter_topic
from sinks.decision_lines import DecisionLines
from sinks.decision_log import DecisionLog, DecisionTopic
from sinks.kept import Kept, kept_in
from sinks.redis_sink import RedisWriter
from sinks.topic import TopicWriter

_HELD_EPOCHS = 2


@dataclasses.dataclass(frozen=True)
class Live:
    """What to run, and where to; `parts` are the partitions that there were at the start."""

    brokers: str
    client_file: str | None
    parts: tuple[str, ...]
    redis_url: str
    recovery: str | None
    decisions: str | None
    processes: int
    settings: Settings
    out: str = ""
    """Nothing of its processes is written to files: they say in the log what they say."""
    metrics: str | None = None
    """Where the first process serves its figures; each further one a port higher."""
    log: Form | None = None
    restarts: int = 0
    """How often all processes have begun again since the run began."""
    pseudonym_key_file: str | None = None


def run_process(
    live: Live,
    process: int,
    addresses: list[str] | None,
    stop: Stop,
    now: WallClock = wall_ms,
    form: Shape = LIVE,
) -> None:
    """Run one process until it is asked to stop; `form` is another where a part is measured."""
    settings, kafka = live.settings, live.settings.kafka
    recovers = live.recovery is not None
    client = client_settings(live.brokers, live.client_file)
    pseudonyms = pseudonyms_of(live.pseudonym_key_file)
    runtime = LiveRuntime(
        settings, live.parts, live.processes, process, live.recovery, now, pseudonyms
    )

    def writer(
        part: str, marks: Mapping[str, int] | None = None, kept: Kept | None = None
    ) -> RedisWriter:
        return RedisWriter(
            connect(live.redis_url, settings.redis),
            settings.redis,
            part,
            should_stop=lambda: stop.asked,
            counters=runtime.counters,
            marks=marks,
            kept=kept,
        )

    def topic(name: str) -> TopicWriter:
        return TopicWriter(producer(client), name, should_stop=lambda: stop.asked)

    def decision_log(part: str) -> DecisionLog:
        assert live.decisions is not None
        if is_folder(live.decisions):
            return DecisionLines(live.decisions, part)
        return DecisionTopic(topic(live.decisions))

    folder = live.recovery or live.out
    deliver = DeliverSink(
        settings.flow.deliver_parts,
        writer,
        _HELD_EPOCHS if recovers else 0,
        settings.redis,
        decision_log if live.decisions is not None else None,
        kept_in(Path(folder) / "delivered") if folder else None,
        known_place_of,
    )
    letters = DeadLetterSink(1, lambda _: dead_letter_topic(topic(kafka.dead_letters_topic)))
    flow = build(
        runtime,
        faults.NotedSource(KafkaSource(live.parts, Sources(runtime, client, stop))),
        TimedSink(deliver, runtime.epochs),
        TimedSink(letters, runtime.epochs),
        faults.NotedSink(HealthSink(lambda: writer("health"), now)),
        form,
    )
    epoch = timedelta(seconds=settings.flow.epoch_s)
    with contextlib.ExitStack() as stack:
        stack.callback(runtime.close)
        if live.metrics is not None:
            address = address_of(live.metrics, process)
            figures = LiveFigures(runtime, live.restarts, live.recovery)
            stack.enter_context(serving(address, runtime, figures))
        run_flow(flow, process, addresses, epoch, live.recovery, live=True)


def is_folder(decisions: str) -> bool:
    """Whether `--decisions` names a folder: what has a separator, or is one already."""
    return "/" in decisions or Path(decisions).is_dir()


def shape(live: Live) -> dict[str, object]:
    """What a run that goes on must have in common with the one that began."""
    return {
        "mode": "live",
        "topic_prefix": live.settings.kafka.topic_prefix,
        "shards": live.settings.flow.shards,
        "deliver_parts": live.settings.flow.deliver_parts,
        "attributes": live.settings.catalogue.attributes,
        "host_attributes": live.settings.catalogue.host_attributes,
        "pseudonyms": fingerprint_of(live.pseudonym_key_file),
    }
