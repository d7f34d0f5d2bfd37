"""What the tests of the house look at: every file of the project, and the code as syntax trees."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    *("events", "features", "models", "decisions", "sinks"),
    *("evaluation", "flows", "simulator"),
)


def _listed() -> list[Path]:
    """All files that are, or would be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return sorted(path for path in paths if path.is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """All files of the project."""
    found = _listed()
    assert len(found) > 100
    return found


@pytest.fixture(scope="session")
def texts(files: list[Path]) -> dict[str, str]:
    """All files by their path from the root; each must be UTF-8 text."""
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture(scope="session")
def trees(texts: dict[str, str]) -> dict[str, ast.Module]:
    """The syntax tree of each module of the packages, by path."""
    return {
        path: ast.parse(text, path)
        for path, text in texts.items()
        if path.endswith(".py") and path.split("/", 1)[0] in (*PACKAGES, "bench")
    }


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that is left out proves nothing: a run with one fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    left_out = [word for word in ("skipped", "xfailed", "xpassed") if reporter.stats.get(word)]
    if left_out:
        reporter.ensure_newline()
        reporter.write_line(f"failed: some tests were {' or '.join(left_out)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
