"""What viewers do beside watching: turn rooms, hosts and tags away, and look at what is to come."""

from __future__ import annotations

from simulator.cast import Room, Viewer
from simulator.liking import interest
from simulator.stage import Life, Stage
from simulator.wire import Fields

_UNWANTED = 5
_MUTED = 5
_SEEN = 5  # scheduled rooms that one look goes over
_WAITING = 500  # reservations that the world keeps for one room


def act(stage: Stage, viewer: Viewer, room: Room) -> None:
    """One act about a room of the last list: mostly a refusal where it does not fit the taste."""
    dice = stage.dice
    if viewer.followed and dice.chance(0.15):
        host = dice.pick(viewer.followed)
        viewer.followed = tuple(held for held in viewer.followed if held is not host)
        host.drop_fan(viewer)
        stage.say(viewer, "unfollow", {"host_id": host.host_id})
    elif viewer.muted and dice.chance(0.3):
        host = viewer.muted[-1]
        viewer.muted = viewer.muted[:-1]
        stage.say(viewer, "unmute", {"host_id": host.host_id})
    elif interest(viewer, room) < 0.15:
        _refuse(stage, viewer, room)
    elif dice.chance(0.3):
        stage.say(viewer, "share", {"room_id": room.room_id})


def _refuse(stage: Stage, viewer: Viewer, room: Room) -> None:
    dice = stage.dice
    strange = [tag for tag in room.tags if tag not in viewer.taste]
    chance = dice.random()
    if chance < 0.2:
        viewer.muted = (*viewer.muted[1 - _MUTED :], room.host)
        stage.say(viewer, "mute", {"host_id": room.host.host_id})
        return
    if chance < 0.25 and strange:
        stage.say(viewer, "mute", {"tag": stage.catalog.tags[dice.pick(strange)]})
        return
    viewer.unwanted = (*viewer.unwanted[1 - _UNWANTED :], room)
    what: Fields = {"room_id": room.room_id}
    if chance < 0.35 and strange:
        what = {"tag": stage.catalog.tags[dice.pick(strange)]}
    elif chance < 0.45:
        what = {"host_id": room.host.host_id}
    elif chance < 0.55:
        what = {"product_id": (room.on_air or room.products[0]).product_id}
    stage.say(viewer, "dismiss", what)


def preview(stage: Stage, viewer: Viewer) -> Life:
    """Look at a scheduled room, the best of a few, and perhaps reserve a seat."""
    dice = stage.dice
    seen = dice.distinct(stage.scheduled, _SEEN)
    room = max(seen, key=lambda room: (interest(viewer, room), room.room_id))
    stage.say(viewer, "preview_seen", {"room_id": room.room_id})
    if not dice.chance(min(0.8, 0.1 + interest(viewer, room))):
        return
    yield dice.whole(800, 4_000)
    reserve(stage, viewer, room)
    if dice.chance(0.06):
        yield dice.whole(5_000, 60_000)
        room.reserved = [waiting for waiting in room.reserved if waiting is not viewer]
        stage.say(viewer, "reserve_cancel", {"room_id": room.room_id})


def reserve(stage: Stage, viewer: Viewer, room: Room) -> None:
    """Reserve a seat in a scheduled room, once."""
    if viewer not in room.reserved and len(room.reserved) < _WAITING:
        room.reserved.append(viewer)
        stage.say(viewer, "reserve", {"room_id": room.room_id})
