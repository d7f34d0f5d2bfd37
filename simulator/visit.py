"""A visit to a room: come in, stay or leave at once, and in the meantime act."""

from __future__ import annotations

from simulator import acts, shopping
from simulator.cast import Room, Viewer
from simulator.liking import satisfaction
from simulator.stage import Life, Stage
from simulator.wire import Fields

_RECENT = 6
_LONG_MS = 60_000  # what the platform itself calls a long visit


def visit(stage: Stage, viewer: Viewer, room: Room) -> Life:
    """Enter, then `dwell` every so often, the last one with `left` and the whole `visit_ms`."""
    settings, dice, clock = stage.settings, stage.dice, stage.clock
    stage.say(viewer, "enter", {"room_id": room.room_id})
    viewer.recent = (*viewer.recent[1 - _RECENT :], room)
    pleased = satisfaction(viewer, room)
    # A loud cover that keeps little of its promise is left at once.
    if dice.chance(stage.quick_leaves.turn(leave_propensity(room, pleased))):
        for dial in (stage.comments, stage.likes, stage.gifts):
            dial.turn(0.0)
        stay_ms = dice.whole(400, 4_900)
        yield stay_ms
        _leave(stage, viewer, room, stay_ms, stay_ms)
        return
    mean_ms = settings.visit_s * 1_000 * (0.45 + 0.8 * min(pleased, 1.5))
    stay_ms = 5_000 + int(dice.exponential(mean_ms))
    plan = acts.plan(stage, viewer, room, pleased, stay_ms)
    plan += shopping.plan(stage, viewer, room, stay_ms)
    every_ms = int(settings.dwell_every_s * 1_000)
    plan += [(at_ms, acts.DWELL, None) for at_ms in range(every_ms, stay_ms, every_ms)]
    plan.sort(key=lambda step: step[0])
    entered_ms = said_ms = clock.now_ms
    for at_ms, act, product in plan:
        yield entered_ms + at_ms - clock.now_ms
        if not room.live:
            break
        if act == acts.DWELL:
            dwell_ms = clock.now_ms - said_ms
            said_ms = clock.now_ms
            stage.say(viewer, "dwell", {"room_id": room.room_id, "dwell_ms": dwell_ms})
        elif product is None:
            acts.do(stage, viewer, room, act)
        else:
            shopping.do(stage, viewer, room, act, product)
    if room.live:
        yield entered_ms + stay_ms - clock.now_ms
    _leave(stage, viewer, room, clock.now_ms - said_ms, clock.now_ms - entered_ms)


def leave_propensity(room: Room, pleased: float) -> float:
    """How readily a room is left at once: its cover's loudness against what is found inside."""
    return room.hook / (0.25 + pleased)


def _leave(stage: Stage, viewer: Viewer, room: Room, dwell_ms: int, visit_ms: int) -> None:
    fields: Fields = {
        "room_id": room.room_id,
        "dwell_ms": dwell_ms,
        "left": True,
        "visit_ms": visit_ms,
    }
    if visit_ms >= _LONG_MS:
        fields["long"] = True
    stage.say(viewer, "dwell", fields)
