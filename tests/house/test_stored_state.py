"""Step ids and layouts are part of what is stored: their page is held to the graph."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bytewax.testing import TestingSink, TestingSource

from flows.graph import build
from flows.runtime import Runtime
from flows.settings import Settings

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@pytest.fixture(scope="module")
def step_ids() -> list[str]:
    """The ids of all steps of one process."""
    return _step_ids(workers=1)


def _step_ids(workers: int) -> list[str]:
    """The ids of all steps, in the order of the graph."""
    nothing: TestingSource[object] = TestingSource([])
    sinks: list[TestingSink[object]] = [TestingSink([]) for _ in range(3)]
    flow = build(Runtime(Settings(), workers=workers), nothing, *sinks)
    assert flow.flow_id == "liveloom"
    return [step.step_id.removeprefix("liveloom.") for step in flow.substeps]


@pytest.fixture(scope="module")
def page() -> str:
    """The page on state at rest."""
    return (Path(__file__).parents[2] / "docs" / "stored-state.md").read_text("utf-8")


def _rows(page: str) -> list[list[str]]:
    part = page.split("## Steps with state", 1)[1].split("## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_step_ids_are_snake_case_and_unique(step_ids: list[str]):
    assert [one for one in step_ids if not SNAKE_CASE.fullmatch(one)] == []
    assert len(set(step_ids)) == len(step_ids)


def test_the_page_lists_the_steps_that_the_graph_has(step_ids: list[str], page: str):
    with_state = [row[0] for row in _rows(page)]
    part = page.split("## Steps without state", 1)[1].split("## ", 1)[0]
    without = re.findall(r"`([a-z_0-9]+)`", part)
    assert without == sorted(without)
    assert sorted([*with_state, *without]) == sorted(step_ids)


def test_the_page_lists_the_steps_that_several_processes_have_besides(
    step_ids: list[str], page: str
):
    part = page.split("## Steps of several processes", 1)[1].split("## ", 1)[0]
    besides = re.findall(r"`([a-z_0-9]+)`", part)
    assert sorted([*step_ids, *besides]) == sorted(_step_ids(workers=2))


def test_layouts_on_the_page_are_those_of_the_code(page: str, texts: dict[str, str]):
    pattern = re.compile(r"^(?:_VERSION|_STATE_VERSION)(?:: Final)? = (\d+)$", re.MULTILINE)
    for step_id, _, _, layout, path in _rows(page):
        found = pattern.search(texts[path])
        oldest = re.search(r"^_OLDEST = (\d+)$", texts[path], re.MULTILINE)
        told = (found[1] if found else "—") + (f", reads {oldest[1]}" if oldest else "")
        assert told == layout, f"{step_id} in {path}"
