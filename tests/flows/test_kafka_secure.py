"""TLS and passwords for Kafka: from files and the environment, and in no message."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from events import kinds
from flows.failures import BadInput
from flows.kafka_client import client_settings, consumer, producer, read_properties
from flows.kafka_settings import KafkaSettings
from sinks.connect import connect
from sinks.reader import Reader
from tests.kafka.broker import Broker
from tests.kafka.node import PASSWORD, PLAIN_PASSWORD, PLAIN_USER, USER, Node
from tests.kafka_line import Recent, catalogue, settings_for
from tests.started import Started

SETTINGS = """
[flow]
shards = 4
[kafka]
tick_ms = 100
ask_s = 0.1
broker_s_max = {patience_s}
topic_prefix = "{names}"
group = "{names}liveloom"
dead_letters_topic = "{names}ll.dead_letters"
[redis]
prefix = "{prefix}"
"""
SCRAM = """
security.protocol = SASL_SSL
ssl.ca.location = {authority}
sasl.mechanism = SCRAM-SHA-256
sasl.username = {user}
sasl.password = ${{env:KAFKA_PASSWORD}}
"""
PLAIN = """
security.protocol = SASL_SSL
ssl.ca.location = {authority}
sasl.mechanism = PLAIN
sasl.username = {user}
sasl.password = ${{file:{secret}}}
"""


def start(
    node: Node,
    names: str,
    url: str,
    folder: Path,
    properties: str,
    environment: Mapping[str, str],
    patience_s: float = 30.0,
) -> Started:
    """A run against the listener that wants TLS and a password."""
    settings, client = folder / "settings.toml", folder / "client.properties"
    settings.write_text(SETTINGS.format(names=names, prefix=names, patience_s=patience_s), "utf-8")
    client.write_text(properties, "utf-8")
    args = ("run", "--kafka", node.secure_address, "--redis", url, "--settings", settings)
    args += ("--kafka-config", client, "--decisions", f"{names}decisions")
    return Started(folder / "words", *args, environment=environment)


@pytest.mark.parametrize("mechanism", ["scram", "plain"])
def test_a_run_reads_and_writes_with_a_password(
    node: Node, node_broker: Broker, redis_url: str, tmp_path: Path, mechanism: str
):
    tell, names = Recent(), node_broker.prefix
    node_broker.make_families()
    events = [*catalogue(tell), tell(kinds.Click, 1, "u1", room_id="r1")]
    node_broker.send(events)
    node_broker.put("clicks", b"no event", b"k", tell.begin_ms)
    node_broker.flush()
    secret = tmp_path / "secret"
    secret.write_text(PLAIN_PASSWORD + "\n", "utf-8")
    scram = SCRAM.format(authority=node.authority, user=USER)
    plain = PLAIN.format(authority=node.authority, user=PLAIN_USER, secret=secret)
    properties = scram if mechanism == "scram" else plain
    client: Any = connect(redis_url, settings_for(names).redis)
    reader = Reader(client, names, lambda: int(time.time() * 1000))
    with start(node, names, redis_url, tmp_path, properties, {"KAFKA_PASSWORD": PASSWORD}) as run:
        run.until(lambda: reader.health().get("events") == len(events))
        run.until(lambda: node_broker.rows(node_broker.letters, 1, wait_s=2.0))
        run.until(lambda: node_broker.committed("clicks"))
        arguments = Path(f"/proc/{run.process.pid}/cmdline").read_text()
        code, said = run.end()
    client.close()
    assert code == 0, said
    for text in (said, arguments):
        assert PASSWORD not in text
        assert PLAIN_PASSWORD not in text


def test_a_wrong_password_is_said_and_not_shown(
    node: Node, node_broker: Broker, redis_url: str, tmp_path: Path
):
    properties = SCRAM.format(authority=node.authority, user=USER)
    wrong = {"KAFKA_PASSWORD": "wr0ng-s3cret"}
    args = (node, node_broker.prefix, redis_url, tmp_path, properties, wrong)
    with start(*args, patience_s=5.0) as run:
        code, said = run.wait()
    assert code == 1
    assert "Authentication failed" in said
    assert "Traceback" not in said
    assert "s3cret" not in said


def test_brokers_of_another_authority_are_refused(
    node: Node, node_broker: Broker, redis_url: str, tmp_path: Path
):
    # What the machine trusts does not hold the authority of the tests.
    properties = SCRAM.format(authority="probe", user=USER)
    args = (node, node_broker.prefix, redis_url, tmp_path, properties)
    with start(*args, {"KAFKA_PASSWORD": PASSWORD}, patience_s=5.0) as run:
        code, said = run.wait()
    assert code == 1
    assert "certificate" in said
    assert PASSWORD not in said


def test_values_may_stand_in_files_and_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KAFKA_USER", "ada")
    secret = tmp_path / "secret"
    secret.write_text("a=b ${env:KAFKA_USER}\n", "utf-8")
    file = tmp_path / "client.properties"
    file.write_text(
        f"# ours\n\n! theirs\nsecurity.protocol = SASL_SSL\nsasl.username=${{env:KAFKA_USER}}\n"
        f"sasl.password=${{file:{secret}}}\n",
        "utf-8",
    )
    assert read_properties(str(file)) == {
        "security.protocol": "SASL_SSL",
        "sasl.username": "ada",
        "sasl.password": "a=b ${env:KAFKA_USER}",
    }


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("s3cret", "line 1 is not name=value"),
        ("sasl.password=${env:NOT_SET_HERE}", "environment variable NOT_SET_HERE"),
        ("sasl.password=${file:not-there}", "wants the file not-there"),
    ],
)
def test_a_bad_line_is_named_and_not_repeated(tmp_path: Path, line: str, says: str):
    file = tmp_path / "client.properties"
    file.write_text(line + "\n", "utf-8")
    with pytest.raises(BadInput, match=says) as caught:
        read_properties(str(file))
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path):
    file, pointing = tmp_path / "binary", tmp_path / "client.properties"
    file.write_bytes(b"\xf5\xff")
    pointing.write_text(f"sasl.password=${{file:{file}}}\n", "utf-8")
    with pytest.raises(BadInput, match="binary is not text"):
        read_properties(str(file))
    with pytest.raises(BadInput, match="binary: it is not UTF-8"):
        read_properties(str(pointing))


@pytest.mark.parametrize(
    "line",
    [
        "security.protocol=s3cret",
        "sasl.passwrd=s3cret",
        "sasl.jaas.config=Login required password='s3cret';",
        "acks=s3cret",
        "security.protocol=SASL_SSL\nsasl.mechanism=s3cret",
        "security.protocol=SSL\nssl.key.pem=s3cret",
    ],
)
def test_what_the_client_refuses_is_said_without_its_value(tmp_path: Path, line: str):
    file = tmp_path / "client.properties"
    file.write_text(line + "\n", "utf-8")
    client = client_settings("127.0.0.1:9", str(file))
    with pytest.raises(BadInput, match="Kafka client: ") as caught:
        producer(client)
    assert "s3cret" not in str(caught.value)
    if not line.startswith("acks"):
        with pytest.raises(BadInput) as caught:
            consumer(client, KafkaSettings())
        assert "s3cret" not in str(caught.value)
