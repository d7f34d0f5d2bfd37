"""Every file fits the house: small, documented, and free of what belongs to one machine alone."""

from __future__ import annotations

import ast
import re

# Spelt in two parts, so that this file does not find itself.
_FORBIDDEN = {
    "a path of one machine": "|".join(
        [r"(?<![\w.])/" + "(?:root|home|work|Users)" + r"/\w", r"[A-Z]:" + r"\\\\Users"]
    ),
    "a package registry's host": "|".join(
        [
            *("pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.org", "crates" + r"\.io"),
            *("proxy" + r"\.golang", "maven" + r"\.org", "deb" + r"\.debian\.org"),
        ]
    ),
    "unfinished work": r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X|HA" + r"CK)\b",
    "a folder outside of the project": r"\.\./" + "shared|" + "shared" + r"/(?:data|design)",
}

LINES_MAX = 300
TEST_LINES_MAX = 450
# Longer, each for a reason.
LONGER = {
    "events/kinds.py": "one struct a kind, and nothing else",
    "flows/steps.py": "one adapter of a few lines for each kernel",
    "decisions/decide.py": "one shard's steps, and its state at rest",
    "decisions/push/policy.py": "one shard's pushes, whose order is the point",
}


def test_nothing_belongs_to_one_machine_and_nothing_is_unfinished(texts: dict[str, str]):
    found = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0]!r}"
        for path, text in texts.items()
        for what, pattern in _FORBIDDEN.items()
        for match in re.finditer(pattern, text)
    ]
    assert found == []


def test_files_are_small_or_say_why_not(texts: dict[str, str]):
    long = []
    for path, text in texts.items():
        if path.endswith(".py") and path not in LONGER:
            lines_max = TEST_LINES_MAX if path.startswith("tests/") else LINES_MAX
            lines = text.count("\n")
            if lines > lines_max:
                long.append(f"{path}: {lines} lines, more than {lines_max}")
    assert long == []
    assert set(LONGER) <= set(texts), "an exception for a file that is gone"


def test_half_of_all_modules_are_short(trees: dict[str, ast.Module], texts: dict[str, str]):
    lengths = sorted(texts[path].count("\n") for path in trees)
    assert lengths[len(lengths) // 2] <= 130


def test_everything_public_has_a_docstring(trees: dict[str, ast.Module]):
    bare = []
    for path, tree in trees.items():
        if not ast.get_docstring(tree):
            bare.append(f"{path}: the module")
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef | ast.Module):
                continue
            if isinstance(node, ast.ClassDef) and node.name.startswith("_"):
                continue
            for item in node.body:
                if (
                    isinstance(item, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                    and not item.name.startswith("_")
                    and not ast.get_docstring(item)
                ):
                    bare.append(f"{path}:{item.lineno}: {item.name}")
    assert bare == []


def test_a_module_opens_with_one_sentence(trees: dict[str, ast.Module]):
    """The first line stands alone: it ends there, or a blank line or more of it follows."""
    wrong = []
    for path, tree in trees.items():
        first = (ast.get_docstring(tree) or "").splitlines()[0]
        if len(first) < 15 or not first.rstrip().endswith((".", ":", "`")):
            wrong.append(f"{path}: {first}")
    assert wrong == []


def test_comments_hold_no_code(texts: dict[str, str]):
    """A comment that parses as a statement with a call or an assignment is code put aside."""
    found = []
    for path, text in texts.items():
        if not path.endswith(".py"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r"\s*# (?!noqa|type:)(.*)$", line)
            if match and re.match(r"^[a-z_.]+(\(.*\)| = .+)$", match[1]):
                found.append(f"{path}:{number}: {line.strip()}")
    assert found == []


def test_no_test_is_left_out(texts: dict[str, str]):
    pattern = r"pytest\.(?:skip|xfail|importorskip|mark\.(?:skip|skipif|xfail))\b"
    found = [
        path
        for path, text in texts.items()
        if path.startswith("tests/") and path != "tests/house/test_files.py"
        if re.search(pattern, text)
    ]
    assert found == []
