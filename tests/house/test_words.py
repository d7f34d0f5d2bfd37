"""The code uses the glossary's words, and units stand last in its names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

# Other words for what the glossary has a word for. A name made of them would mean the same idea.
INSTEAD_OF = {
    "checkpoint": "snapshot",
    "savepoint": "snapshot",
    "dlq": "dead letter",
    "poison": "dead letter",
    "timestamp": "event_time_ms",
    "ts": "event_time_ms",
    "microbatch": "round",
    "visitor": "person or viewer",
    "bounce": "quick leave",
    "trainer": "learner",
    "embedding": "vector",
    "suppression": "refusal",
    "throttle": "cap",
    "revision": "version",
    "ctr": "click_rate",
    "recos": "slate",
    "recommendations": "slate",
    "serialize": "pack or encode",
    "deserialize": "unpack or decode",
    "hyperparameters": "settings",
    "config": "settings",
}
# Words of other people's formats and interfaces.
FOREIGN = {
    ("flows/converters/ranklens.py", "timestamp"),
    ("flows/shelf_checkpoint.py", "checkpoint"),
    ("flows/shelf_store.py", "checkpoint"),  # RocksDB's: a database's files, not a step's state
    ("flows/shelf_stores.py", "checkpoint"),
}
# A unit before the end of a name, or a unit's long form.
_UNIT = re.compile(r"(?:^|_)(?:ms|secs?|seconds|millis|mins)_(?!max$|min$|end$)[a-z]")


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def test_one_word_an_idea(trees: dict[str, ast.Module]):
    wrong = [
        f"{path}:{line}: {name}: say {INSTEAD_OF[word]}"
        for path, tree in trees.items()
        if not path.startswith("bench/")
        for line, name in _names(tree)
        for word in _words(name)
        if word in INSTEAD_OF and (path, word) not in FOREIGN
    ]
    assert wrong == []


def test_units_come_last(trees: dict[str, ast.Module]):
    wrong = [
        f"{path}:{line}: {name}"
        for path, tree in trees.items()
        for line, name in _names(tree)
        if _UNIT.search(name.lower())
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def glossary() -> list[list[str]]:
    """Word, meaning, and what is not said instead."""
    page = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_glossary_defines_each_word_once(glossary: list[list[str]]):
    words = [word for row in glossary for word in row[0].split(", ")]
    assert len(set(words)) == len(words)
    assert all(len(row[1]) > 10 for row in glossary)


def test_the_glossary_has_the_words_of_the_field(glossary: list[list[str]]):
    words = {word for row in glossary for word in row[0].split(", ")}
    assert words >= {
        *("watermark", "late", "tile", "window", "snapshot", "restore", "impression", "feedback"),
        *("label", "label horizon", "example", "score", "slate", "propensity", "shard"),
        *("progressive validation", "epoch", "idempotent", "dead letter", "drift"),
    }


def test_the_glossary_s_words_are_used(glossary: list[list[str]], texts: dict[str, str]):
    code = "\n".join(
        text
        for path, text in texts.items()
        if path.endswith((".py", ".md")) and "/house/" not in path and path != "docs/glossary.md"
    ).lower()
    unused = [
        word
        for row in glossary
        for word in row[0].split(", ")
        if not re.search(re.escape(word.lower()).replace(r"\ ", r"[_\s-]*"), code)
    ]
    assert unused == []
