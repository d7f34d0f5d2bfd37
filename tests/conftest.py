"""Fixtures that the tests of several rooms share, and the one broker of a run of tests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.kafka.broker import Broker
from tests.kafka.jars import why_not
from tests.kafka.node import Node

DATA = Path(__file__).parent / "data"
_NEEDS_NODE = "node"
_prefixes = count(1)
# How fast a machine draws examples, or works them off, says nothing of what is tested.
_ANY_SPEED = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time; `--hypothesis-profile=search` looks for others.
hypothesis_settings.register_profile("repeat", _ANY_SPEED, derandomize=True)
hypothesis_settings.register_profile("search", _ANY_SPEED)
hypothesis_settings.load_profile("repeat")
_left_out: list[str] = []
_stood_in: list[str] = []


@pytest.fixture
def examples_by_kind() -> dict[str, dict[str, Any]]:
    """One valid event of each kind, with every field that may stand beside the others."""
    examples: dict[str, dict[str, Any]] = json.loads((DATA / "events.json").read_text("utf-8"))
    return examples


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of Apache Kafka that a test may kill, if it starts it again."""
    made = Node(tmp_path_factory.mktemp("kafka"))
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Broker:
    """The broker named by `LIVELOOM_TEST_KAFKA`, else the node, else the client's own stand-in."""
    prefix = f"t{os.getpid()}-{next(_prefixes)}."
    named = os.environ.get("LIVELOOM_TEST_KAFKA")
    if named:
        return Broker(named, prefix)
    reason = why_not()
    if reason is not None:
        _stood_in.append(request.node.nodeid)
        return Broker(prefix=prefix)
    return Broker(request.getfixturevalue("node").address, prefix)


@pytest.fixture
def node_broker(node: Node) -> Broker:
    """The node's broker, under names of this test's own."""
    return Broker(node.address, f"t{os.getpid()}-{next(_prefixes)}.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where Apache Kafka cannot be started, leave out what nothing can stand in for."""
    wants = [item for item in items if _NEEDS_NODE in getattr(item, "fixturenames", ())]
    if wants and why_not() is not None:
        config.hook.pytest_deselected(items=wants)
        items[:] = [item for item in items if item not in wants]
        _left_out.extend(item.nodeid for item in wants)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what did not run on the real thing."""
    if _left_out or _stood_in:
        terminalreporter.write_line(
            f"Apache Kafka was not there ({why_not()}): a stand-in served {len(_stood_in)} tests, "
            f"{len(_left_out)} were left out; see CONTRIBUTING.md",
            red=True,
        )
