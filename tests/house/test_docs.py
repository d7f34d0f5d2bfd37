"""The pages name files, commands, settings and errors that there are, in both languages alike."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from flows import failures
from flows.cli import COMMANDS, _parser
from flows.described import describe
from flows.settings import Settings

README, README_ZH = "README.md", "README.zh-CN.md"
# Written by `make bench`, which takes longer than a test may.
WRITTEN_LATER: set[str] = set()


@pytest.fixture(scope="session")
def pages(texts: dict[str, str]) -> dict[str, str]:
    """All Markdown pages by path."""
    return {path: text for path, text in texts.items() if path.endswith(".md")}


def _prose(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def _anchors(page: str) -> set[str]:
    """The anchors that headings make."""
    found = set()
    for title in re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
        found.add(kept.replace(" ", "-"))
    return found


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def _command_lines(pages: dict[str, str]) -> list[tuple[str, str]]:
    """Every line of every block of shell, lines that go on joined."""
    return [
        (path, line)
        for path, page in pages.items()
        for block in _blocks(page, "sh")
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip()
    ]


def test_every_link_leads_somewhere(root: Path, pages: dict[str, str]):
    broken = []
    for path, page in pages.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
            if re.match(r"[a-z]+:", target):
                broken.append(f"{path}: {target} leads away")
                continue
            name, _, anchor = target.partition("#")
            found = (root / path).parent / name if name else root / path
            relative = found.resolve().relative_to(root.resolve()).as_posix()
            if relative in WRITTEN_LATER and not found.exists():
                continue
            if not found.exists():
                broken.append(f"{path}: {target} is not there")
            elif anchor and anchor not in _anchors(found.read_text("utf-8")):
                broken.append(f"{path}: {target} has no such heading")
    assert broken == []


def test_every_file_that_is_named_is_there(root: Path, pages: dict[str, str]):
    """Words in code style that look like a path of the project."""
    tops = {entry.name for entry in root.iterdir() if entry.is_dir()}
    missing = []
    for path, page in pages.items():
        for word in re.findall(r"`([\w.-]+/[\w./-]*)`", _prose(page)):
            top = word.split("/", 1)[0]
            if top in tops and word not in WRITTEN_LATER and not (root / word).exists():
                missing.append(f"{path}: {word}")
    assert missing == []


def _targets(root: Path) -> set[str]:
    makefile = (root / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))


def test_every_make_target_that_is_named_is_there(root: Path, pages: dict[str, str]):
    targets = _targets(root)
    assert {"demo", "test", "check", "bench"} <= targets
    named = {word for page in pages.values() for word in re.findall(r"`make ([\w-]+)`", page)}
    lines = [line.split() for _, line in _command_lines(pages)]
    named |= {words[1] for words in lines if words[0] == "make"}
    assert named <= targets


def _parse(words: list[str]) -> argparse.Namespace:
    """Parse a command of ours; a usage error is a failure."""
    try:
        return _parser().parse_args(words)
    except SystemExit as ended:
        raise AssertionError(f"liveloom {' '.join(words)}: usage error") from ended


def test_every_command_line_is_understood(pages: dict[str, str]):
    ours = []
    for path, line in _command_lines(pages):
        match = re.search(r"(?:^|; )\.venv/bin/liveloom ([^;}>]*)", line)
        if match:
            ours.append(path)
            assert _parse(shlex.split(match[1])).run is not None
    assert {README, README_ZH} <= set(ours)


def test_the_commands_on_the_operations_page_are_understood(pages: dict[str, str]):
    part = pages["docs/operations.md"].split("## Starting and stopping", 1)[1].split("##", 1)[0]
    lines = re.findall(r"^\| `liveloom ([^`]+)` \|", part, re.MULTILINE)
    names = {module.__name__.rpartition(".")[2] for module in COMMANDS}  # type: ignore[attr-defined]
    known = {name.replace("_", "-") for name in names}
    assert {line.split()[0] for line in lines} == known
    places = {"LOG...": "a.jsonl", "N": "1", "S": "1", "U": "u1", "NAME": "ranklens"}
    for line in lines:
        words = [places.get(word, word) for word in line.split()]
        assert _parse(words).run is not None


def test_every_option_that_is_named_belongs_to_a_command(pages: dict[str, str]):
    known: set[str] = set()
    for command in COMMANDS:
        parser = argparse.ArgumentParser()
        command.add(parser.add_subparsers())
        known |= set(re.findall(r"--[a-z-]+", _help_of_all(parser)))
    for page in ("docs/operations.md", "docs/settings.md", README, README_ZH, "ARCHITECTURE.md"):
        named = set(re.findall(r"`(--[a-z-]+)", _prose(pages[page])))
        assert named - known - {"--help"} == set(), page


def _help_of_all(parser: argparse.ArgumentParser) -> str:
    texts = [parser.format_help()]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts += [_help_of_all(one) for one in action.choices.values()]
    return "\n".join(texts)


def test_the_readmes_have_the_same_shape(pages: dict[str, str]):
    shapes = []
    for name in (README, README_ZH):
        page = pages[name]
        prose = _prose(page)
        shapes.append(
            {
                "headings": [len(m) for m in re.findall(r"^(#+) ", prose, re.MULTILINE)],
                "code": re.findall(r"^```.*?^```$", page, re.DOTALL | re.MULTILINE),
                "rows": len(re.findall(r"^\|", prose, re.MULTILINE)),
                "columns": [line.count("|") for line in prose.splitlines() if line[:1] == "|"],
                "bullets": len(re.findall(r"^- ", prose, re.MULTILINE)),
                "links": [
                    link
                    for link in re.findall(r"\]\(([^)]+)\)", prose)
                    if link not in (README, README_ZH)
                ],
                "code words": set(re.findall(r"`([^`\n]+)`", prose)),
            }
        )
    assert shapes[0] == shapes[1]


def test_the_readme_s_table_pairs_a_file_with_a_test(pages: dict[str, str]):
    part = pages[README].split("## Find any behaviour", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(
        r"^\| [^|]+ \| \[([^]]+)\]\(\1\) \| \[([^]]+)\]\(\2\) \|$", part, re.MULTILINE
    )
    assert len(rows) >= 15
    assert all(test.startswith("tests/") and test.endswith(".py") for _, test in rows)


def test_the_readme_states_no_figure_of_its_own(pages: dict[str, str]):
    """Figures stand in docs/benchmarks.md, with the command that gave them."""
    for name in (README, README_ZH):
        claims = re.findall(
            r"\d[\d,.]*\s*(?:events?/s|events? (?:a|per) second|%|×|倍|毫秒|kB)", pages[name]
        )
        assert claims == []


def test_every_error_that_is_told_to_people_has_its_remedy(pages: dict[str, str]):
    part = pages["docs/operations.md"].split("## What to do on each error", 1)[1]
    told = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    assert sorted(told) == sorted(error.__name__ for error in failures._GIVEN)


def test_settings_that_pages_name_exist(pages: dict[str, str]):
    names = {entry.name for entry in describe(Settings())}
    operations = pages["docs/operations.md"]
    for name in ("epoch_s", "ttl_ms", "retry_longest_ms", "push_stream_max", "tls_ca_file"):
        assert f"`{name}`" in operations
        assert name in names


def test_each_decision_record_says_what_why_and_at_what_price(pages: dict[str, str]):
    records = {path: page for path, page in pages.items() if path.startswith("docs/adr/")}
    numbers = [int(Path(path).name[:4]) for path in sorted(records)]
    assert numbers == list(range(1, len(records) + 1))
    for path, page in records.items():
        assert page.startswith(f"# {int(Path(path).name[:4])}. ")
        for part in ("**Decision.**", "**Why.**", "**Price.**"):
            assert part in page, f"{path} lacks {part}"
        assert f"({path})" in pages["ARCHITECTURE.md"]


def test_every_dependency_has_its_reason(root: Path, pages: dict[str, str]):
    project = (root / "pyproject.toml").read_text("utf-8")
    asked = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    assert asked
    names = set(re.findall(r'^  "([a-z-]+)', asked[1], re.MULTILINE))
    told = set(
        re.findall(r"^\| ([a-z-]+) \|", pages["docs/adr/0008-dependencies.md"], re.MULTILINE)
    )
    assert names - told == set()


def test_shell_in_the_project_is_well_formed(root: Path):
    subprocess.run(["bash", "-n", str(root / ".ci" / "run")], check=True)
