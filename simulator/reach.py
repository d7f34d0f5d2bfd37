"""What happens with a push on a phone, and who comes when a room starts."""

from __future__ import annotations

from simulator.cast import Room, Viewer
from simulator.liking import interest
from simulator.session import session
from simulator.stage import Life, Stage

_DELIVERED = 0.97
_OFF = 0.04  # of those who dismiss, how many switch pushes off


def push(stage: Stage, viewer: Viewer, push_id: str, room: Room | None) -> Life:
    """Sent, delivered, and opened (then the viewer comes), dismissed or ignored."""
    dice = stage.dice
    which = {"push_id": push_id}
    stage.say(viewer, "push_sent", which)
    yield dice.whole(150, 2_500)
    if viewer.gone or not dice.chance(_DELIVERED):
        return
    stage.say(viewer, "push_delivered", which)
    yield 1_500 + int(dice.exponential(15_000.0))
    if viewer.gone:
        return
    like = interest(viewer, room) if room is not None else 0.1
    if dice.chance(min(0.85, 0.12 + 0.5 * like)):
        stage.say(viewer, "push_open", which)
        if room is not None and room.live and not viewer.busy:
            stage.clock.start(session(stage, viewer, room), dice.whole(200, 1_500))
    elif dice.chance(0.3):
        stage.say(viewer, "push_dismiss", which)
        if dice.chance(_OFF):
            viewer.push = False
            stage.say(viewer, "push_disable", {})


def attend(stage: Stage, viewer: Viewer, room: Room) -> Life:
    """Come to the room for which a seat was reserved."""
    if not (viewer.gone or viewer.busy) and room.live and stage.dice.chance(0.6):
        stage.say(viewer, "attend", {"room_id": room.room_id})
        yield stage.dice.whole(200, 1_500)
        yield from session(stage, viewer, room)


def starters(stage: Stage, room: Room, own_pushes: bool) -> list[Life]:
    """Those who have reserved, and where no flow decides on pushes, some calls to fans."""
    lives = [attend(stage, viewer, room) for viewer in room.reserved]
    if own_pushes:
        calls = 0
        for viewer in room.host.fans:
            if (
                viewer.push
                and viewer.known
                and not viewer.gone
                and calls < stage.settings.pushes_a_start
            ):
                calls += 1
                lives.append(push(stage, viewer, f"{room.room_id}/{viewer.user_id}", room))
    return lives
