"""Bots: they click whatever comes, stay nowhere, like by the hundred and say one thing."""

from __future__ import annotations

from simulator import identity
from simulator.cast import Viewer
from simulator.session import show
from simulator.stage import Life, Stage

_SPAM = ("加微信领福利", "free coupons in my profile")


def bot_session(stage: Stage, viewer: Viewer) -> Life:
    """A few lists, clicked through at machine speed."""
    if viewer.busy or viewer.gone:
        return
    viewer.busy = True
    dice = stage.dice
    identity.introduce(stage, viewer)
    for _ in range(dice.geometric(2.0)):
        request_id, _, shown = show(stage, viewer)
        for room, _ in shown:
            if not dice.chance(0.4):
                continue
            yield dice.whole(40, 250)
            here = {"room_id": room.room_id}
            stage.say(viewer, "click", here | {"request_id": request_id})
            if dice.chance(0.04):
                stage.say(viewer, "like", here | {"count": dice.whole(50, 500)})
            if dice.chance(0.04):
                stage.say(viewer, "comment", here | {"text": dice.pick(_SPAM)})
        yield dice.whole(200, 800)
    viewer.busy = False
