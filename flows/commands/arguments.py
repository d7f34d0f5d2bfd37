"""Arguments that several commands take, checked as far as can be without opening anything."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.settings import Settings

REDIS_VARIABLE = "LIVELOOM_REDIS"
"""Of the environment: the address of Redis, for one that is not to stand in a command line."""

_RESAMPLES = 1_000


def positive(text: str) -> int:
    """A whole number above 0."""
    return _whole(text, 1, "a whole number above 0")


def not_negative(text: str) -> int:
    """A whole number, 0 or more."""
    return _whole(text, 0, "a whole number, 0 or more")


def _whole(text: str, least: int, what: str) -> int:
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"must be {what}, not {text!r}")
    return number


def add_processes(parser: argparse.ArgumentParser) -> None:
    """How many processes share the shards."""
    parser.add_argument(
        "--processes", type=positive, default=1, metavar="N", help="how many (default: 1)"
    )


def check_processes(args: argparse.Namespace, settings: Settings) -> None:
    """`BadInput` where there are more processes than shards."""
    from flows.failures import BadInput

    if args.processes > settings.flow.shards:
        raise BadInput(
            f"--processes {args.processes} is more than the {settings.flow.shards} shards of "
            "flow.shards: start fewer, or set more shards"
        )


def add_pseudonyms(parser: argparse.ArgumentParser, why: str) -> None:
    """The key of pseudonyms."""
    parser.add_argument(
        "--pseudonym-key-file",
        dest="pseudonym_key_file",
        metavar="FILE",
        help=f"{why} (default: the key in $LIVELOOM_PSEUDONYM_KEY, else none)",
    )


def add_policies(parser: argparse.ArgumentParser) -> None:
    """The policies of a comparison, where its report goes, and how often users are drawn anew."""
    parser.add_argument(
        "--policy",
        action="append",
        required=True,
        metavar="FILE",
        dest="policies",
        help="TOML file laid over the settings, named as the file; the first is the one that "
        "others are compared with",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for what comes out")
    parser.add_argument(
        "--resamples",
        type=positive,
        default=_RESAMPLES,
        metavar="N",
        help=f"of users, for the intervals (default: {_RESAMPLES})",
    )


def add_settings(parser: argparse.ArgumentParser, *others: str) -> None:
    """The settings file of a command; `others` are further names of the option."""
    parser.add_argument(
        "--settings",
        *others,
        metavar="FILE",
        dest="settings",
        help="TOML file of settings (default: none)",
    )


def add_redis(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """The Redis of a command; without a `default`, which is said in the help, there must be one."""
    parser.add_argument(
        "--redis",
        metavar="URL",
        default=os.environ.get(REDIS_VARIABLE),
        required=default is None and REDIS_VARIABLE not in os.environ,
        help=f"redis://, rediss:// or unix:// (default: ${REDIS_VARIABLE}"
        + (f", else {default})" if default else ")"),
    )
    parser.add_argument(
        "--redis-password-file",
        dest="redis_password_file",
        metavar="FILE",
        help="the password of the user that the address names",
    )


def redis_of(args: argparse.Namespace) -> str | None:
    """The address, with its password; None where there is none."""
    url: str | None = args.redis
    if args.redis_password_file is None:
        return url
    from flows.failures import BadInput
    from flows.secrets import read_secret, with_password

    if url is None:
        raise BadInput("--redis-password-file is for the Redis of --redis: name that one too")
    return with_password(url, read_secret(args.redis_password_file))


def required_redis(args: argparse.Namespace) -> str:
    """The address of a command that cannot do without."""
    url = redis_of(args)
    assert url is not None
    return url


def add_kafka(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """The brokers of a command, and how its client reaches them."""
    parser.add_argument(
        "--kafka", required=required, metavar="BROKERS", help="host:port, several with commas"
    )
    parser.add_argument(
        "--kafka-config",
        dest="client_file",
        metavar="FILE",
        help="settings of the Kafka client, name=value a line: TLS, passwords",
    )


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings of the command's file and of the environment; `SettingsError` if wrong."""
    from flows.settings import load

    return load(args.settings, os.environ)
