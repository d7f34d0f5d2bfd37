"""Viewers as they come: by chance, each by a seat in the crowd."""

from __future__ import annotations

import math
from itertools import accumulate

from simulator.cast import Viewer
from simulator.dice import Dice
from simulator.segments import SEGMENTS
from simulator.settings import SimulatorSettings
from simulator.tastes import Tastes
from simulator.words import PLATFORMS, ZONES

_BY_SHARE = list(accumulate(segment.share for segment in SEGMENTS))
_BY_ZONE = list(accumulate(share for _, _, share in ZONES))


def make_viewer(
    number: int, seat: int, at_ms: int, settings: SimulatorSettings, tastes: Tastes, dice: Dice
) -> Viewer:
    """One viewer, by chance; the order of the draws is part of what a seed means."""
    zone, offset_h, _ = ZONES[dice.pick_by(_BY_ZONE)]
    user_id = f"u{number + 1:05d}"
    device_id = f"d{number + 1:05d}"
    identity = {"user_id": user_id, "platform": dice.pick(PLATFORMS)}
    person, known = user_id, True
    way_in = dice.random()
    if way_in < settings.anonymous_share:
        identity = {"device_id": device_id, "platform": identity["platform"]}
        person, known = f"device:{device_id}", False
    elif way_in < settings.anonymous_share + settings.nickname_share:
        nickname = f"{'夜猫' if number % 2 else 'nightowl'}{number + 1}"
        identity = {"platform": identity["platform"], "nickname": nickname}
        person, known = f"nick:{identity['platform']}/{nickname}", False
    # Most watch in the evening, some at noon.
    peak_local = (20.5 if dice.chance(0.75) else 12.5) + 1.5 * dice.normal()
    segment = dice.pick_by(_BY_SHARE)
    lang = "zh" if dice.chance(0.8 if offset_h == 8 else 0.2) else "en"
    return Viewer(
        seat=seat,
        user_id=user_id,
        identity=identity,
        person=person,
        device_id=device_id,
        segment=SEGMENTS[segment],
        tastes=tastes.born(at_ms, 2 * segment + (lang == "en")),
        lang=lang,
        zone=zone,
        peak_utc=(peak_local - offset_h) % 24.0,
        activity=math.exp(settings.activity_sigma * dice.normal()),
        price_level=round(dice.random(), 3),
        bot=dice.chance(settings.bot_share),
        push=dice.chance(settings.push_consent_share),
        known=known,
    )
