"""What is said of bounds, and how a command ends."""

from __future__ import annotations

import argparse
import io
from typing import Any

import pytest

from flows.commands.bounds import BROKEN, add_strict, code_of, print_bounds
from flows.console import console


def bound(value: float, verdict: str, of: str = "new.utility") -> dict[str, Any]:
    spread = {"low": value - 0.01, "high": value + 0.01, "users": 90}
    return {"bound": "segment_loss_max", "of": of, "least": 0.95, "value": value, **spread,
            "verdict": verdict}  # fmt: skip


FIGURES: dict[str, Any] = {
    "baseline": "plain",
    "arms": {
        "plain": {"bounds": [], "worst_segment": None},
        "bold": {
            "bounds": [bound(0.9, "broken"), bound(1.0, "kept", "old.utility")],
            "worst_segment": {"segment": "new", "of": "utility", "value": 0.875},
        },
    },
}


def strict(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_strict(parser)
    return parser.parse_args(given)


def test_each_broken_bound_is_said_with_its_policy():
    out = io.StringIO()
    print_bounds(console(out), FIGURES, FIGURES["arms"])
    assert out.getvalue().splitlines() == [
        "bounds: plain keeps 0 of 0",
        "bounds: bold keeps 1 of 2; served worst are new users, 0.875 of all",
        "  BROKEN: quality for new users, beside that of plain: 0.900 (0.890 to 0.910), "
        "at least 0.95",
    ]


def test_only_strict_ends_otherwise(capsys: pytest.CaptureFixture[str]):
    assert code_of(strict(), FIGURES["arms"]) == 0
    assert code_of(strict("--strict"), {"plain": FIGURES["arms"]["plain"]}) == 0
    assert capsys.readouterr().err == ""
    assert code_of(strict("--strict"), FIGURES["arms"]) == BROKEN == 3
    assert "bold: see above" in capsys.readouterr().err
