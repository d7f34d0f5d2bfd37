"""A real broker for a run by hand: `python -m tests.flows.kafka_broker JARS` holds one up.

JARS is a folder with the jars of `org.apache.kafka:kafka_2.13`, as Maven copies them. Prints the
broker's address, and ends it when its own input ends.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UP_S_MAX = 60.0
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
num.partitions=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.retention.ms=-1
"""


@contextmanager
def kafka(jars: Path, folder: Path) -> Iterator[str]:
    """One node of Kafka, whose topics keep rows of any age; gives its address."""
    port, controller = _free_ports(2)
    file = folder / "server.properties"
    file.write_text(_PROPERTIES.format(port=port, controller=controller, logs=folder / "logs"))
    java = ["java", "-Xmx512m", "-cp", f"{jars}/*"]
    uuid = subprocess.check_output([*java, "kafka.tools.StorageTool", "random-uuid"], text=True)
    format_it = ["kafka.tools.StorageTool", "format", "--standalone", "-t", uuid.split()[-1]]
    quiet = subprocess.DEVNULL
    subprocess.run([*java, *format_it, "-c", str(file)], check=True, stdout=quiet, stderr=quiet)
    process = subprocess.Popen([*java, "kafka.Kafka", str(file)], stdout=quiet, stderr=quiet)
    try:
        _wait_for(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + _UP_S_MAX
    while time.monotonic() < end_s:
        assert process.poll() is None, "the broker has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the broker did not come up")


def main() -> int:
    """Hold a broker up until standard input ends."""
    with tempfile.TemporaryDirectory() as folder, kafka(Path(sys.argv[1]), Path(folder)) as address:
        print(address, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
