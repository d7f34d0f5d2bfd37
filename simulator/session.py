"""A session: lists come, some rooms are clicked and visited, and then the viewer goes."""

from __future__ import annotations

from simulator import aside, identity, visit
from simulator.cast import Room, Viewer
from simulator.comments import query
from simulator.liking import attraction
from simulator.stage import Life, Slate, Stage

# A slot's chance to be looked at, from the first on: 1 / (1 + slot)^0.45.
POSITION_BIAS = tuple((1.0 + slot) ** -0.45 for slot in range(200))


def session(stage: Stage, viewer: Viewer, first: Room | None = None) -> Life:
    """One stay on the platform; `first` is a room that the viewer comes for."""
    if viewer.busy or viewer.gone:
        return
    viewer.busy = True
    settings, dice, clock = stage.settings, stage.dice, stage.clock
    identity.introduce(stage, viewer)
    stage.tastes.move(viewer.tastes, clock.now_ms)
    if first is not None and first.live:
        yield from visit.visit(stage, viewer, first)
    for turn in range(dice.geometric(settings.lists_per_session)):
        if turn:
            yield 1_500 + int(dice.exponential(5_000.0))
        topic = None
        if dice.chance(settings.search_share):
            topic = search(stage, viewer)
            yield dice.whole(300, 900)
        request_id, _, shown = show(stage, viewer, topic)
        slot = -1
        for at, room in choose(stage, viewer, shown):
            yield 400 + int((at - slot) * dice.between(200.0, 900.0))
            slot = at
            if not room.live:
                continue
            stage.say(viewer, "click", {"room_id": room.room_id, "request_id": request_id})
            yield dice.whole(200, 1_200)
            yield from visit.visit(stage, viewer, room)
        if not viewer.known and dice.chance(settings.login_share):
            yield dice.whole(500, 3_000)
            identity.log_in(stage, viewer)
        if shown and dice.chance(settings.aside_share):
            yield dice.whole(500, 3_000)
            aside.act(stage, viewer, shown[dice.whole(0, len(shown) - 1)][0])
        if stage.scheduled and dice.chance(settings.preview_share):
            yield dice.whole(500, 3_000)
            yield from aside.preview(stage, viewer)
    identity.farewell(stage, viewer)
    viewer.busy = False


def search(stage: Stage, viewer: Viewer) -> int:
    """Search for something that the viewer has a taste for; gives the tag."""
    dice = stage.dice
    wanted = list(viewer.taste)
    # Squared, so that mostly the first interests are searched for.
    tag = wanted[int(dice.random() ** 2 * len(wanted))]
    stage.say(viewer, "search", {"query": query(dice, viewer.lang, stage.catalog.tags[tag])})
    return tag


def show(stage: Stage, viewer: Viewer, topic: int | None = None) -> Slate:
    """Show the next list and log its impressions: search results, a given list, or our own."""
    slate = stage.given(viewer) if topic is None else None
    if slate is None:
        without: tuple[Room, ...] = viewer.unwanted
        if viewer.muted:
            without += tuple(host.room for host in viewer.muted if host.room is not None)
        taste = viewer.taste if topic is None else {topic: 1.0}
        rooms = stage.policy.slate(taste, stage.settings.list_size, without)
        slate = (stage.request_id(), "feed" if topic is None else "search", rooms)
    request_id, surface, rooms = slate
    stage.witness(viewer, request_id, surface, [room for room, _ in rooms])
    for position, (room, propensity) in enumerate(rooms):
        stage.say(
            viewer,
            "impression",
            {
                "request_id": request_id,
                "room_id": room.room_id,
                "position": position,
                "surface": surface,
                "propensity": max(1e-6, round(propensity, 6)),
            },
        )
    return slate


def choose(stage: Stage, viewer: Viewer, shown: list[tuple[Room, float]]) -> list[tuple[int, Room]]:
    """The slots that the viewer will click, from the top down."""
    turn, random = stage.clicks.turn, stage.dice.random
    chosen = []
    for slot, (room, _) in enumerate(shown):
        chance = turn(attraction(viewer, room) * POSITION_BIAS[min(slot, 199)])
        if random() < chance:
            chosen.append((slot, room))
    return chosen
