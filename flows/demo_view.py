"""The demonstration as people see it: what one viewer did, the list before and after, pushes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.text import Text

from events import kinds
from events.kinds import Event
from flows.console import table
from flows.demo import Shown
from flows.views import outcome, why
from sinks.phrases import LANGUAGES, render
from sinks.reader import Item, PushDecision

_ROOMS_SHOWN = 8
_TAGS_SHOWN = 6
_BAR_CELLS = 30
_PUSHES_SHOWN = 8
_LIN_PUSHES_SHOWN = 5
_HOUR = 1  # the place of the 1 h window among a tag's weights
_ZONE = ZoneInfo("Asia/Shanghai")


def print_demo(out: Console, shown: Shown) -> None:
    """All parts, in the order of the evening."""
    print_viewer(out, shown)
    _heading(out, "Pushes, sent and refused")
    _pushes(out, shown)
    _heading(out, "The whole evening")
    _figures(out, shown)


def print_viewer(out: Console, shown: Shown) -> None:
    """What the one viewer did, and what it changed."""
    old, new = shown.interests
    _heading(out, f"Lin, who likes {old}, gets into {new}")
    for event in shown.acts:
        if said := _act(event, shown):
            out.print(f"  {_clock(event.event_time_ms)}  {said}")
    _heading(out, "Lin's list before, and after")
    _lists(out, shown)
    _heading(out, "Why the risen rooms are there")
    _reasons(out, shown)
    _heading(out, "What Lin's signals of the last hour weigh, tag by tag")
    _tags(out, shown)


def _heading(out: Console, text: str) -> None:
    out.print()
    out.print(text, style="bold")


def _clock(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, _ZONE).strftime("%H:%M:%S")


def _act(event: Event, shown: Shown) -> str:
    """What an event of the viewer says, in words; empty for what goes without saying."""
    names = shown.names
    room = names.rooms.get(getattr(event, "room_id", None) or "", "")
    product = names.products.get(getattr(event, "product_id", None) or "", "")
    match event:
        case kinds.Search():
            return f"searches “{event.query}”"
        case kinds.Enter():
            return f"enters {room}"
        case kinds.Like():
            return f"likes it {event.count or 1} times"
        case kinds.Comment():
            return f"asks “{event.text}”"
        case kinds.View():
            return f"looks at {product}"
        case kinds.CartAdd():
            return f"puts {product} into the cart"
        case kinds.Dwell() if event.left:
            return f"leaves after {(event.visit_ms or event.dwell_ms) / 1000:.0f} s"
    return ""


def _lists(out: Console, shown: Shown) -> None:
    title = shown.names.rooms
    before = [item.room_id for item in shown.before.items]
    made = table("", "before", "", "after", right=("",))
    for place in range(_ROOMS_SHOWN):
        left = title.get(before[place], before[place]) if place < len(before) else ""
        if place < len(shown.after.items):
            room_id = shown.after.items[place].room_id
            was = before.index(room_id) if room_id in before else None
            move, style = _move(was, place)
            right = Text(title.get(room_id, room_id), style)
        else:
            move, style, right = "", "", Text("")
        made.add_row(str(place + 1), left, Text(move, style), right)
    out.print(made)


def _move(was: int | None, place: int) -> tuple[str, str]:
    """Where a room came from, and how that is shown."""
    if was is None:
        return "▲ new", "bold green"
    if was > place:
        return f"▲ from {was + 1}", "bold green"
    return (f"▼ from {was + 1}", "dim") if was < place else ("", "")


def _reasons(out: Console, shown: Shown) -> None:
    made = table("room", "中文", "English")
    for item in _risen(shown):
        name = shown.names.rooms.get(item.room_id, item.room_id)
        for reason in item.reasons:
            made.add_row(name, reason.zh, reason.en)
            name = ""
    out.print(made)


def _risen(shown: Shown) -> Iterator[Item]:
    before = [item.room_id for item in shown.before.items]
    for place, item in enumerate(shown.after.items[:_ROOMS_SHOWN]):
        if item.room_id not in before[: place + 1]:
            yield item


def _tags(out: Console, shown: Shown) -> None:
    before, after = shown.before.tags, shown.after.tags
    heaviest = sorted(after, key=lambda tag: (-after[tag][_HOUR], tag))[:_TAGS_SHOWN]
    full = max((after[tag][_HOUR] for tag in heaviest), default=1.0)
    made = table("tag", "before", "after", "", right=("before", "after"))
    for tag in heaviest:
        was = before[tag][_HOUR] if tag in before else 0.0
        now = after[tag][_HOUR]
        cells = round(_BAR_CELLS * now / full)
        kept = min(cells, round(_BAR_CELLS * was / full))
        bar = Text.assemble(("━" * kept, "dim"), ("▰" * (cells - kept), "green"))
        made.add_row(tag, f"{was:.1f}", f"{now:.1f}", bar)
    out.print(made)


def _pushes(out: Console, shown: Shown) -> None:
    made = table("", "viewer", "", "what", "outcome")
    for user, push in _chosen(shown):
        sent = push.value["sent"]
        style = "green" if sent else "dim"
        opening: list[RenderableType] = [
            _clock(push.value["at_ms"]),
            "Lin" if user == shown.viewer else user,
            Text("✓" if sent else "✗", style),
        ]
        for language in LANGUAGES:
            words = why(push.reasons, language)
            made.add_row(*opening, words, Text(outcome(push, language), style))
            opening = ["", "", ""]
    out.print(made)
    push = shown.figures["push"]
    reasons = ", ".join(
        f"{count:,} {reason} ({render(reason, (), 'en')})"
        for reason, count in push["refused_by"].items()
    )
    out.print(
        f"{push['considered']:,} considered: {push['sent']:,} sent, {push['refused']:,} refused"
    )
    if reasons:
        out.print(f"refused: {reasons}")


def _chosen(shown: Shown) -> list[tuple[str, PushDecision]]:
    """The viewer's own decisions, then of the others one of each kind, in order of time."""
    chosen = [(shown.viewer, push) for push in shown.pushes.get(shown.viewer, [])]
    chosen = chosen[:_LIN_PUSHES_SHOWN]
    kinds_shown = {_sort(push) for _, push in chosen}
    for user, pushes in shown.pushes.items():
        for push in pushes:
            if len(chosen) < _PUSHES_SHOWN and _sort(push) not in kinds_shown:
                kinds_shown.add(_sort(push))
                chosen.append((user, push))
    return sorted(chosen, key=lambda pair: (pair[1].value["at_ms"], pair[0]))


def _sort(push: PushDecision) -> tuple[str, str]:
    return push.value["trigger"], push.value.get("reason", "")


def _figures(out: Console, shown: Shown) -> None:
    figures, ranking = shown.figures, shown.figures["ranking"]
    out.print(
        f"{figures['events']:,} events in, {figures['slates']:,} lists out; what viewers did with "
        "them came back as events"
    )
    popular, last = ranking["bootstrap"]["popularity"], ranking["last"]
    if ranking["lists"]:
        out.print(
            f"last {last['lists']:,} lists with a click, ranked before they were learnt: NDCG@10 "
            f"{last['ndcg_at_10']:.3f}, {popular['mean_difference']:+.3f} against popularity "
            f"(95 %: {popular['low']:+.3f} to {popular['high']:+.3f})"
        )
    out.print(
        f"{figures['dead_letters']:,} dead letters, {figures['duplicates']:,} duplicates and "
        f"{figures['late']:,} late events on purpose: the flow went on"
    )
