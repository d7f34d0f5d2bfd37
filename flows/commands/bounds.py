"""What `backtest` and `ab` say of bounds, and how they end where one is broken."""

from __future__ import annotations

import argparse
from typing import Any

BROKEN = 3
"""The exit code with `--strict`."""


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Whether a broken bound fails the command."""
    parser.add_argument(
        "--strict",
        action="store_true",
        help=f"exit with {BROKEN} where a policy breaks a bound of its [bounds] by a real "
        "difference",
    )


def print_bounds(out: Any, figures: dict[str, Any], policies: dict[str, Any]) -> None:
    """A line a policy: how many bounds it keeps, and each that it breaks."""
    from evaluation.bounds import KEPT, broken
    from evaluation.words import bound_text

    for name, policy in policies.items():
        verdicts = [one["verdict"] for one in policy["bounds"]]
        text = f"bounds: {name} keeps {verdicts.count(KEPT)} of {len(verdicts)}"
        worst = policy["worst_segment"]
        if worst is not None:
            text += f"; served worst are {worst['segment']} users, {worst['value']:.3f} of all"
        for _, one in broken({name: policy}):
            text += (
                f"\n  BROKEN: {bound_text(one, figures['baseline'])}: "
                f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f}), "
                f"at least {one['least']:g}"
            )
        out.print(text)


def code_of(args: argparse.Namespace, policies: dict[str, Any]) -> int:
    """0, or BROKEN where a bound is and `--strict` asks for it."""
    from evaluation.bounds import broken
    from flows.console import say

    names = sorted({name for name, _ in broken(policies)})
    if names and args.strict:
        say(f"a bound is broken by {', '.join(names)}: see above, or lift it in [bounds]")
        return BROKEN
    return 0
