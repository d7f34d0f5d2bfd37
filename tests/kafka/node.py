"""One node of Apache Kafka that a test starts, kills and starts again.

`python -m tests.kafka.node` holds one up until its standard input ends, and prints its address.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka.certificates import make_certificates
from tests.kafka.jars import jars

_UP_S_MAX = 120.0
# Below those that the system hands out, so that nobody takes one while the node is down.
_PORTS = range(12_000, 19_900)
_PORT_STEP = 23
# However whoever started it ends, the broker ends too: then `read` comes back.
_GUARD = 'trap "" INT; "$@" </dev/null & node=$!; read -r _; kill -KILL "$node"; wait "$node"'
USER, PASSWORD = "liveloom", "scram-s3cret"
PLAIN_USER, PLAIN_PASSWORD = "plain", "plain-s3cret"
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=OPEN://127.0.0.1:{open},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=OPEN://127.0.0.1:{open},SECURE://127.0.0.1:{secure}
inter.broker.listener.name=OPEN
controller.listener.names=CONTROLLER
listener.security.protocol.map=OPEN:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-256,PLAIN
listener.name.secure.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required {plain};
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={keystore}
log.dirs={logs}
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.retention.check.interval.ms=500
log.initial.task.delay.ms=500
log.cleaner.backoff.ms=200
log.cleaner.dedupe.buffer.size=10485760
"""


class Node:
    """A broker in a folder; `address` is open, `secure_address` wants TLS and a password.

    Topics that are written to come by themselves with four partitions, and keep rows of any age.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._jars = jars()
        self._folder = folder
        self._file = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        plain, secure, controller = _free_ports(3)
        self.address = f"127.0.0.1:{plain}"
        self.secure_address = f"127.0.0.1:{secure}"
        made = make_certificates(folder / "tls")
        self.authority = made.authority
        self._file.write_text(
            _PROPERTIES.format(
                open=plain,
                secure=secure,
                controller=controller,
                keystore=made.both,
                logs=folder / "logs",
                plain=f'user_{PLAIN_USER}="{PLAIN_PASSWORD}"',
            )
        )
        uuid = self.tool("kafka.tools.StorageTool", "random-uuid").split()[-1]
        scram = f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]"
        self.tool(
            *("kafka.tools.StorageTool", "format", "--standalone", "-t", uuid),
            *("-c", str(self._file), "--add-scram", scram),
        )

    def tool(self, *args: str) -> str:
        """What one of Kafka's own tools prints."""
        done = subprocess.run([*self._java("128m"), *args], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _java(self, heap: str) -> list[str]:
        # A node of tests lives for a minute: what would pay off later is left out.
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
        return ["java", f"-Xmx{heap}", *quick, "-cp", f"{self._jars}/*"]

    def start(self) -> None:
        """Start it, and return once it answers."""
        with (self._folder / "node.log").open("ab") as log:
            command = [*self._java("384m"), "kafka.Kafka", str(self._file)]
            self._process = subprocess.Popen(
                ["sh", "-c", _GUARD, "guard", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        end_s = time.monotonic() + _UP_S_MAX
        while True:
            try:
                admin.list_topics(timeout=2)
                return
            except KafkaException:
                assert self._process.poll() is None, "the broker has ended"
                assert time.monotonic() < end_s, "the broker did not come up"

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._process = None


def _free_ports(count: int) -> list[int]:
    ports: list[int] = []
    for step in range(len(_PORTS)):
        port = _PORTS[(os.getpid() * _PORT_STEP + step) % len(_PORTS)]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
        if len(ports) == count:
            return ports
    raise AssertionError("no free ports")


def main() -> int:
    """Hold a node up until standard input ends."""
    with tempfile.TemporaryDirectory() as folder:
        node = Node(Path(folder))
        try:
            node.start()
            print(node.address, flush=True)
            sys.stdin.read()
        finally:
            node.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
