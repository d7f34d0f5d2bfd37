"""Nothing depends on when or where it runs: clocks and environment have one door."""

from __future__ import annotations

import ast

CLOCKS = {
    *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns"),
    *("time.perf_counter", "time.perf_counter_ns", "time.process_time", "time.localtime"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.getcwd", "os.cpu_count", "sys.argv"}

# `flows` reads clock and environment for all; `bench` measures.
DOORS = ("flows/", "bench/")
ALLOWED = {
    # The default of an injected timer; it is counted, and no value depends on it.
    ("sinks/redis_sink.py", "time.perf_counter"),
    # How long a child process may take to start or stop.
    ("sinks/embedded.py", "time.monotonic"),
}


def _dotted(node: ast.AST) -> str:
    """`a.b` of the last two names of an attribute chain."""
    if isinstance(node, ast.Attribute):
        value = node.value
        if isinstance(value, ast.Name):
            return f"{value.id}.{node.attr}"
        if isinstance(value, ast.Attribute):
            return f"{value.attr}.{node.attr}"
    return ""


def _imported_bare(tree: ast.Module) -> list[str]:
    """Functions imported by their bare name, as `time.time` of `from time import time`."""
    return [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def _uses(tree: ast.Module, wanted: set[str]) -> set[str]:
    names = {_dotted(node) for node in ast.walk(tree)} | set(_imported_bare(tree))
    return names & wanted


def test_clock_and_environment_are_read_in_flows_alone(trees: dict[str, ast.Module]):
    found = {
        (path, name)
        for path, tree in trees.items()
        if not path.startswith(DOORS)
        for name in _uses(tree, CLOCKS | ENVIRONMENT)
    }
    assert found == ALLOWED


def test_python_s_own_hash_is_never_called(trees: dict[str, ast.Module]):
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash"
    ]
    assert found == []


def test_chance_is_seeded_and_passed_in(trees: dict[str, ast.Module]):
    """No generator without a seed, and none that all share."""
    found = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = _dotted(node.func)
            if name in {"random.Random", "random.default_rng"} and not node.args:
                found.append(f"{path}:{node.lineno}: {name} without a seed")
            elif name.startswith("random.") and name.split(".")[1] not in {
                *("Random", "default_rng", "Generator", "PCG64", "SeedSequence"),
            }:
                found.append(f"{path}:{node.lineno}: {name} is shared by all")
    assert found == []


def test_the_scan_sees_what_it_should():
    tree = ast.parse(
        "import datetime, os, time\nfrom time import monotonic\n"
        "time.time(); datetime.datetime.now(); os.environ['A']"
    )
    assert _uses(tree, CLOCKS | ENVIRONMENT) == {
        *("time.time", "time.monotonic", "datetime.now", "os.environ"),
    }
