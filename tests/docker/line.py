"""The compose file as these tests bring it up: with stand-ins, in a network of its own.

All containers share the network of one that reaches nothing but itself, so that no port of this
machine is taken, and a machine without bridges will do.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.docker.engine import Engine, need
from tests.docker.images import BASE, ROOT, build_stand_in

WAIT_S = 420.0
_POLL_S = 1.0
_STAND_INS = {"kafka": "kafka", "redis": "redis", "prometheus": "prometheus"}
# Grafana cannot be had; its files are checked by their queries.
_LEFT_OUT = "grafana"

_ASK = """
import json, sys, urllib.parse, urllib.request
for query in json.load(sys.stdin):
    place = "http://prometheus:9090/api/v1/" + query
    with urllib.request.urlopen(place, timeout=30) as answer:
        print(answer.read().decode())
"""


class Line:
    """The services that run."""

    def __init__(self, engine: Engine, folder: Path, project: str) -> None:
        self._engine = engine
        self._command = [*compose(engine), "-p", project, "-f", str(folder / "compose.yaml")]

    def compose(self, *args: str) -> str:
        """A `docker-compose` command."""
        return self._engine.run(*self._command, *args)

    def container(self, service: str) -> str:
        """The id of a service's container."""
        return self.compose("ps", "-q", service).split()[-1]

    def inspect(self, service: str) -> Any:
        """What the engine knows of a service's container."""
        (found,) = json.loads(self._engine.docker("inspect", self.container(service)))
        return found

    def asked(self, *paths: str) -> list[Any]:
        """What Prometheus answers to each path of its interface."""
        said = self._engine.docker(
            *("exec", "-i", self.container("flow"), "python3", "-c", _ASK),
            stdin=json.dumps(paths).encode(),
        )
        return [json.loads(line)["data"] for line in said.splitlines()]

    def until(self, what: Callable[[], Any]) -> Any:
        """Wait for something to become true, and give it; else fail with the logs."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            try:
                found = what()
            except AssertionError:
                found = None
            if found:
                return found
            time.sleep(_POLL_S)
        raise AssertionError(f"it did not come\n{self.compose('logs', '--tail=40')}")


def compose(engine: Engine) -> list[str]:
    """The compose program that is here."""
    if shutil.which("docker-compose") is None:
        try:
            engine.docker("compose", "version")
        except AssertionError:
            need(**{"docker-compose": "docker-compose"})
        else:
            return ["docker", "compose"]
    return ["docker-compose"]


@contextmanager
def line(engine: Engine, folder: Path) -> Iterator[Line]:
    """All services but Grafana, up with the block; taken down with all that they kept."""
    shutil.copytree(ROOT / "docker", folder)
    engine.run(str(folder / "secrets" / "make"))
    file = folder / "compose.yaml"
    made = yaml.safe_load(file.read_text("utf-8"))
    services = made["services"]
    del services[_LEFT_OUT]
    for service, kind in _STAND_INS.items():
        name = services[service]["image"]
        if not engine.has_image(name):
            build_stand_in(engine, folder.parent, kind, name)
    for one in services.values():
        one["network_mode"] = "service:net"
        for name in ("ports", "expose", "build"):
            one.pop(name, None)
    services["net"] = {
        "image": BASE,
        "command": ["sleep", "infinity"],
        "network_mode": "none",
        "hostname": _LEFT_OUT,
        "init": True,
        "extra_hosts": [f"{name}:127.0.0.1" for name in (*services, _LEFT_OUT)],
    }
    file.write_text(yaml.safe_dump(made), "utf-8")
    running = Line(engine, folder, f"ll{folder.parent.name.replace('-', '').lower()}")
    try:
        running.compose("up", "-d", "--no-build")
        yield running
    finally:
        running.compose("down", "-v", "--timeout", "30")
