"""`liveloom show`: what a product server would read from Redis, for people."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from flows.commands.arguments import (
    add_pseudonyms,
    add_redis,
    add_settings,
    required_redis,
    settings_of,
)

if TYPE_CHECKING:
    from rich.console import Console

    from sinks.connect import Client
    from sinks.keys import Keys
    from sinks.reader import Reader

_PUSHES_SHOWN = 20
_COEFFICIENTS_SHOWN = 12


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser, and one for each thing to show."""
    parser = subparsers.add_parser(
        "show",
        help="show a user, room, push or model as Redis holds it",
        description="Show what a product server would read.",
    )
    things = parser.add_subparsers(title="what to show", metavar="WHAT", required=True)
    for name, argument, text in (
        ("user", "U", "a user's tag weights, lists and last push decisions, with reasons"),
        ("room", "R", "what a server shows of a room"),
        ("push", None, "the newest pushes on their way to senders"),
        ("model", "NAME", "a model's card: figures and weights"),
    ):
        thing = things.add_parser(name, help=text, description=text.capitalize() + ".")
        if argument is not None:
            thing.add_argument("name", metavar=argument)
        add_redis(thing)
        if name == "user":
            add_pseudonyms(thing, "U is hidden under the key in FILE; a pseudonym may be given too")
        thing.add_argument("--lang", choices=("zh", "en"), default="en", help="of the reasons")
        add_settings(thing)
        thing.set_defaults(run=run, show=_SHOWN[name])


def run(args: argparse.Namespace) -> int:
    """Read and print it."""
    import time

    from flows.console import console
    from sinks.connect import connect
    from sinks.keys import Keys
    from sinks.reader import Reader

    settings = settings_of(args).redis
    client = connect(required_redis(args), settings)
    try:
        reader = Reader(client, settings.prefix, lambda: int(time.time() * 1000))
        keys = Keys(settings.prefix, settings.push_streams)
        code: int = args.show(_Place(reader, client, keys), args, console())
        return code
    finally:
        client.close()


class _Place:
    """Where to read."""

    def __init__(self, reader: Reader, client: Client, keys: Keys) -> None:
        self.reader = reader
        self.client: Any = client
        self.keys = keys
        self._titles: dict[str, str] = {}

    def title(self, room_id: str) -> str:
        """A room's title, its id where Redis does not know it."""
        if room_id not in self._titles:
            self._titles[room_id] = self.reader.room(room_id).get("title", room_id)
        return self._titles[room_id]


def _missing(what: str, name: str, key: str) -> int:
    from flows.console import say

    say(f"no {what} {name!r} in Redis (key {key}): check the name, the address and redis.prefix")
    return 1


def _user(place: _Place, args: argparse.Namespace, out: Console) -> int:
    from flows.secrets import pseudonyms_of
    from flows.views import list_table, offer_table, push_table, tags_table, utc

    user: str = args.name
    pseudonyms = pseudonyms_of(args.pseudonym_key_file)
    if pseudonyms is not None and not any(place.reader.get(user).versions):
        user = pseudonyms.person(user)
    view = place.reader.get(user)
    if not any(view.versions):
        return _missing("user", args.name, place.keys.user(user, "tags"))
    out.print(f"user {user} at {utc(view.now_ms)}", style="bold")
    out.print("\nTag weights", style="bold")
    out.print(tags_table(view.tags) if view.tags else "none")
    out.print(f"\nList {view.request_id}, model {view.model}".rstrip(", model"), style="bold")
    out.print(list_table(view.items, place.title, args.lang) if view.items else "none")
    more = place.reader.more_many([user])[0]
    for heading, offers in (
        ("Rooms to come", more.previews),
        ("Products", more.products),
        ("Hosts", more.hosts),
    ):
        out.print(f"\n{heading}", style="bold")
        out.print(offer_table(offers, place.title, args.lang) if offers else "none")
    out.print("\nLast push decisions", style="bold")
    pushes = place.reader.push_history([user])[0]
    out.print(push_table(pushes, place.title, args.lang) if pushes else "none")
    return 0


def _room(place: _Place, args: argparse.Namespace, out: Console) -> int:
    from flows.console import table
    from flows.views import utc

    room = place.reader.room(args.name)
    if not room:
        return _missing("room", args.name, place.keys.room(args.name))
    shown = table("room", args.name)
    for name, value in room.items():
        if name in ("v", "version", "room_id"):
            continue
        if name.endswith("_ms"):
            name, value = name.removesuffix("_ms").replace("_", " "), utc(value)
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        shown.add_row(name.replace("_", " "), str(value))
    out.print(shown)
    return 0


def _push(place: _Place, args: argparse.Namespace, out: Console) -> int:
    import orjson

    from flows.console import table
    from flows.views import utc
    from sinks.phrases import render

    newest: list[dict[str, Any]] = []
    for stream in range(place.keys.push_streams):
        entries = place.client.xrevrange(place.keys.push_out(stream), count=_PUSHES_SHOWN)
        newest += [orjson.loads(fields[b"d"]) for _, fields in entries]
    newest.sort(key=lambda push: (-push["not_before_ms"], push["push_id"]))
    if not newest:
        out.print(f"no pushes in {place.keys.push_out(0)} and the streams beside it")
        return 0
    shown = table("not before", "user", "room", "channel", "score", "why", right=("score",))
    for push in newest[:_PUSHES_SHOWN]:
        words = "; ".join(render(code, args_of, args.lang) for code, args_of in push["reasons"])
        shown.add_row(
            utc(push["not_before_ms"]),
            push["user_id"],
            place.title(push["room_id"]),
            push["channel"],
            f"{push['score']:.2f}",
            words,
        )
    out.print(shown)
    return 0


def _model(place: _Place, args: argparse.Namespace, out: Console) -> int:
    from flows.console import table
    from flows.figures import number

    card = place.reader.model(args.name)
    if not card:
        return _missing("model", args.name, place.keys.model(args.name))
    out.print(f"{card['model']} predicts {card['predicts']}", style="bold")
    newest = f"newest {card['rolling']['examples']:,}"
    shown = table("figure", "overall", newest, right=("overall", newest))
    for name in ("auc", "log_loss", "calibration_error"):
        shown.add_row(name.replace("_", " "), number(card[name]), number(card["rolling"][name]))
    shown.add_row("examples", f"{card['examples']:,}")
    for name, value in card["drift"].items():
        shown.add_row(f"drift: {name.replace('_', ' ')}", str(value))
    out.print(shown)
    out.print()
    weights = sorted(card["coefficients"].items(), key=lambda item: (-abs(item[1]), item[0]))
    shown = table("heaviest features", "coefficient", right=("coefficient",))
    for name, value in weights[:_COEFFICIENTS_SHOWN]:
        shown.add_row(name, f"{value:+.3f}")
    shown.add_row("intercept", f"{card['intercept']:+.3f}")
    out.print(shown)
    return 0


_SHOWN = {"user": _user, "room": _room, "push": _push, "model": _model}
