"""Arguments that several commands take, checked as far as can be without opening anything."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.settings import Settings


def positive(text: str) -> int:
    """A whole number above 0."""
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return number


def add_settings(parser: argparse.ArgumentParser, flag: str = "--settings") -> None:
    """The settings file of a command."""
    parser.add_argument(
        flag, metavar="FILE", dest="settings", help="TOML file of settings (default: none)"
    )


def add_redis(parser: argparse.ArgumentParser) -> None:
    """The Redis that a command reads from."""
    parser.add_argument(
        "--redis", metavar="URL", required=True, help="redis://, rediss:// or unix:// address"
    )


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings of the command's file and of the environment; `SettingsError` if wrong."""
    from flows.settings import load

    return load(args.settings, os.environ)
