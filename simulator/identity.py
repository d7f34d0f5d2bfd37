"""Who the platform thinks somebody is: accounts, log-ins, erasure, and viewers who fall silent."""

from __future__ import annotations

from simulator.cast import Viewer
from simulator.stage import Stage
from simulator.wire import Fields

_QUIET = (["22:00", "08:00"], ["23:00", "07:30"], ["19:00", "21:30"], ["12:30", "14:00"])


def introduce(stage: Stage, viewer: Viewer) -> None:
    """Send the account's `user` event, once, at the first session under a known user id."""
    if viewer.introduced or not viewer.known:
        return
    viewer.introduced = True
    if stage.dice.chance(stage.settings.user_event_share):
        say_user(stage, viewer)


def say_user(stage: Stage, viewer: Viewer) -> None:
    """What the account says of its owner."""
    settings, dice = stage.settings, stage.dice
    profiling = not dice.chance(settings.no_profiling_share)
    fields: Fields = {
        "user_id": viewer.user_id,
        "timezone": viewer.zone,
        "registered_ms": settings.start_ms - dice.whole(0, 700) * 86_400_000,
        "consent": {"profiling": profiling, "push": viewer.push},
        "attributes": {
            "language": viewer.lang,
            "price_level": viewer.price_level,
            "segment": viewer.segment.name,
        },
    }
    if dice.chance(settings.quiet_hours_share):
        fields["quiet_hours"] = dice.pick(_QUIET)
    stage.announce("user", fields)


def log_in(stage: Stage, viewer: Viewer) -> None:
    """Link a device or a nickname to the user id; from here on events carry that id."""
    viewer.known = True
    link: Fields = {"user_id": viewer.user_id}
    if "device_id" in viewer.identity:
        link["device_id"] = viewer.identity["device_id"]
        viewer.identity = viewer.identity | {"user_id": viewer.user_id}
    else:
        link |= viewer.identity
        link["confidence"] = round(stage.dice.between(0.7, 1.0), 2)
        viewer.identity = {"user_id": viewer.user_id, "platform": viewer.identity["platform"]}
    stage.announce("identity_link", link)
    stage.truth.links[viewer.person] = viewer.user_id
    stage.people.pop(viewer.person, None)
    viewer.person = viewer.user_id
    introduce(stage, viewer)


def farewell(stage: Stage, viewer: Viewer) -> None:
    """The end of a session, which for a few is the end of all."""
    if viewer.scripted:
        return
    chance = stage.dice.random()
    if chance < stage.settings.erase_share and viewer.known:
        stage.leave(viewer)
        stage.announce("erase", {"user_id": viewer.user_id})
        stage.truth.erased.append(viewer.user_id)
    elif chance > 1.0 - stage.settings.silence_share:
        stage.leave(viewer)
        stage.truth.silent.append(viewer.user_id)
