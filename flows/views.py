"""What Redis holds for one viewer, laid out for people: weights, list, pushes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from rich.table import Table

from features.ladder import WINDOWS
from flows.console import table
from sinks.phrases import LANGUAGES, render
from sinks.reader import Item, Offer, PushDecision, Reason

_TAGS_SHOWN = 15

Title = Callable[[str], str]
"""A room's title by its id."""


def utc(time_ms: int) -> str:
    """An instant as people read it, to the second."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def why(reasons: Sequence[Reason], language: str) -> str:
    """Reasons as one line of words."""
    return ("；" if language == "zh" else "; ").join(
        render(reason.code, reason.args, language) for reason in reasons
    )


def tags_table(tags: Mapping[str, tuple[float, float, float, float]]) -> Table:
    """Tag weights over the four windows, the heaviest of the day first."""
    shown = table("tag", *WINDOWS, right=WINDOWS)
    heaviest = sorted(tags.items(), key=lambda item: (-item[1][2], -item[1][3], item[0]))
    for tag, weights in heaviest[:_TAGS_SHOWN]:
        shown.add_row(tag, *(f"{weight:.1f}" for weight in weights))
    if len(heaviest) > _TAGS_SHOWN:
        shown.add_row(f"and {len(heaviest) - _TAGS_SHOWN} more")
    return shown


def list_table(items: Sequence[Item], title: Title, language: str) -> Table:
    """A list, best first, with its reasons in words."""
    shown = table("", "room", "title", "score", "chance", "why", right=("", "score", "chance"))
    for place, item in enumerate(items, 1):
        chance = "" if item.propensity is None else f"{item.propensity:.3f}"
        words = why(item.reasons, language)
        shown.add_row(
            str(place), item.room_id, title(item.room_id), f"{item.score:.3f}", chance, words
        )
    return shown


def offer_table(offers: Sequence[Offer], title: Title, language: str) -> Table:
    """What is offered beside live rooms, best first: when it starts, or in which room it is on."""
    shown = table("", "id", "score", "starts, or is on in", "why", right=("", "score"))
    for place, offer in enumerate(offers, 1):
        where = "" if offer.room_id is None else title(offer.room_id)
        if offer.start_time_ms is not None:
            where = f"{title(offer.id)}, {utc(offer.start_time_ms)}"
        words = why(offer.reasons, language)
        shown.add_row(str(place), offer.id, f"{offer.score:.3f}", where, words)
    return shown


def push_table(pushes: Sequence[PushDecision], title: Title, language: str) -> Table:
    """Push decisions, sent and refused, each with its reasons."""
    shown = table("decided", "room", "why", "outcome")
    for push in pushes:
        value = push.value
        shown.add_row(
            utc(value["at_ms"]),
            title(value["room_id"]),
            why(push.reasons, language),
            outcome(push, language),
        )
    return shown


def outcome(push: PushDecision, language: str) -> str:
    """Sent, and by which channel; or why not."""
    value = push.value
    if not value["sent"]:
        refused = ("未推送：", "refused: ")[LANGUAGES.index(language)]
        return refused + render(value.get("reason", ""), (), language)
    channel: str = value.get("channel", "")
    words = {
        "in_app": ("已发送，应用内", "sent, in the app"),
        "push": ("已发送，推送", "sent, to the phone"),
    }
    return words.get(channel, (channel, channel))[LANGUAGES.index(language)]
