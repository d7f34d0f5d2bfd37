"""How the live flow reads Kafka: names, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting


@dataclass(frozen=True)
class KafkaSettings:
    """Everything that can be chosen about reading topics; the client's own are in a file."""

    topic_prefix: str = setting("", "text", "Opens the name of every topic of events.")
    group: str = setting(
        "liveloom", "consumer group", "Durable offsets are committed to it, for lag tools to see."
    )
    dead_letters_topic: str = setting(
        "ll.dead_letters", "topic", "Where rows go that cannot be events."
    )
    chunk_rows: int = setting(
        2_000, "rows", "Most rows of one partition in one go: fair, fast.", least=1
    )
    silent_s: float = setting(
        5.0, "s", "A partition read to its end follows the wall clock so far behind."
    )
    start_s: float = setting(
        5.0, "s", "How long a start waits for partitions of which nothing is heard."
    )
    ahead_ms: int = setting(
        5_000, "ms of event time", "No partition runs further ahead of the slowest with data."
    )
    tick_ms: int = setting(
        1_000, "ms", "How often each shard is told how far all partitions are.", least=1
    )
    idle_poll_ms_max: int = setting(
        4, "ms", "A partition without rows is asked ever more rarely, down to this."
    )
    ask_s: float = setting(
        1.0, "s", "How often brokers are asked where silent partitions end, and offsets committed."
    )
    look_again_s: float = setting(
        30.0, "s", "How often a run with recovery looks for new topics, to begin again with them."
    )
    broker_s_max: float = setting(10.0, "s", "How long an answer of the brokers is waited for.")
