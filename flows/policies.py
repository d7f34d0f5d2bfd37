"""Policies of a backtest: TOML files laid over the settings that all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.settings import Settings, SettingsError, load


@dataclass(frozen=True)
class Policy:
    """A named way to decide."""

    name: str
    settings: Settings


def load_policies(
    paths: Sequence[str], base: str | None, environment: Mapping[str, str]
) -> list[Policy]:
    """The policies of these files, each named as its file; `SettingsError` where one is wrong.

    What a file does not name is as in the settings file `base`; a table of a setting (such as a
    prior) is replaced whole.
    """
    policies: list[Policy] = []
    for path in paths:
        name = Path(path).stem
        if any(policy.name == name for policy in policies):
            raise SettingsError(f"two policies are named {name}: rename one of the files")
        policies.append(Policy(name, load(base, environment, path)))
    return policies
