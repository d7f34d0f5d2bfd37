"""What is installed is pinned with hashes, and agrees with what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock")


def _name(requirement: str) -> str:
    """The name of a requirement, as indices normalise it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]).lower()


def _locked(root: Path, lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each distribution."""
    text = (root / lock).read_text("utf-8")
    found = {}
    for block in re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
        match = re.match(r"([\w.-]+)==([\w.!+]+)", block)
        assert match, f"{lock}: {block.splitlines()[0]!r} is not pinned"
        found[_name(match[1])] = (match[2], block.count("--hash=sha256:"))
    return found


def test_every_line_is_a_pin_with_hashes(root: Path):
    for lock in LOCKS:
        assert all(hashes for _, hashes in _locked(root, lock).values())


def test_no_lock_names_where_it_came_from(root: Path):
    for lock in LOCKS:
        text = (root / lock).read_text("utf-8")
        assert not re.search(r"https?:|--(?:extra-)?index-url|--find-links|file:", text)


def test_what_checks_the_product_runs_on_the_same_versions(root: Path):
    run, dev = (_locked(root, lock) for lock in LOCKS)
    assert {name: dev[name] for name in run} == run


def test_the_locks_hold_what_the_project_asks_for(root: Path):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    run, dev = (_locked(root, lock) for lock in LOCKS)
    asked = project["project"]["dependencies"]
    assert {_name(one) for one in asked} <= set(run)
    assert {_name(one) for one in project["project"]["optional-dependencies"]["dev"]} <= set(dev)
    exact = [
        one.split("==") for one in (*asked, *project["build-system"]["requires"]) if "==" in one
    ]
    assert len(exact) >= 3
    assert {name: run[_name(name)][0] for name, _ in exact} == dict(exact)
