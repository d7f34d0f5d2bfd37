"""Makes the topics of a live run that are not there yet, as the flow wants them kept."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from flows.brokers import event_topics
from flows.failures import BadInput
from flows.kafka_client import ClientSettings
from flows.kafka_settings import KafkaSettings
from flows.live_runtime import CATALOGUE

_ONE = 1


def make_topics(
    client: ClientSettings, settings: KafkaSettings, partitions: int, replicas: int
) -> tuple[list[str], list[str]]:
    """Make what is missing; gives the names of those that were made, and of those that were there.

    The catalogue's topic is compacted and has one partition, so that its events stay, in order.
    `BadInput` where the brokers do not answer, or refuse.
    """
    catalogue = f"{settings.topic_prefix}{CATALOGUE}"
    wanted = [*event_topics(settings), settings.dead_letters_topic]
    admin = AdminClient(dict(client))
    where = client["bootstrap.servers"]
    try:
        known = admin.list_topics(timeout=settings.broker_s_max).topics
        missing = [name for name in wanted if name not in known]
        new = [
            NewTopic(name, _ONE, replicas, config={"cleanup.policy": "compact"})
            if name == catalogue
            else NewTopic(name, partitions, replicas)
            for name in missing
        ]
        made = admin.create_topics(new, request_timeout=settings.broker_s_max) if new else {}
        for name, one in made.items():
            try:
                one.result()
            except KafkaException as problem:
                if problem.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise BadInput(f"topic {name}: {problem.args[0].str()}") from None
    except KafkaException as problem:
        raise BadInput(f"Kafka at {where}: {problem.args[0].str()}") from None
    return missing, [name for name in wanted if name not in missing]
