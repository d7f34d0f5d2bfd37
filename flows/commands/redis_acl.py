"""`liveloom redis-acl`: the line that gives a Redis user the rights it needs, and no others."""

from __future__ import annotations

import argparse

from flows.commands.arguments import add_settings, settings_of

_ROLES = ("writer", "reader", "sender")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "redis-acl",
        help="print a Redis user's rights, and no more than it needs",
        description="Print what follows `ACL SETUSER` in Redis: the commands and keys that the "
        "flow needs (writer), product servers (reader), or who sends pushes (sender).",
    )
    parser.add_argument("role", nargs="?", choices=_ROLES, default="writer", help="(writer)")
    parser.add_argument("--user", metavar="NAME", help="the user's name (default: its role)")
    parser.add_argument(
        "--redis-password-file",
        dest="password_file",
        metavar="FILE",
        help="its password, which the line holds as a digest; without, it cannot log in yet",
    )
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the line."""
    from flows.failures import BadInput
    from flows.secrets import read_secret
    from sinks.acl import acl_line
    from sinks.keys import Keys

    settings = settings_of(args).redis
    password = read_secret(args.password_file) if args.password_file is not None else None
    keys = Keys(settings.prefix, settings.push_streams)
    try:
        print(acl_line(args.role, args.user or f"liveloom-{args.role}", keys, password))
    except ValueError as problem:
        raise BadInput(str(problem)) from None
    return 0
