"""In a simulated world whose tastes are known, the profile finds them."""

from __future__ import annotations

import dataclasses

from events.decode import Decoder
from events.letters import DeadLetter
from simulator.generate import Simulation
from simulator.settings import preset
from tests.line import Line

EVENTS = 30_000
TOP = 3


def test_the_profile_finds_the_taste():
    settings = dataclasses.replace(preset("demo"), viewers=120)
    simulation = Simulation(settings, seed=11)
    rows = Decoder().decode_all(list(simulation.lines(EVENTS)))
    line = Line(decides=False)
    made = line.feed([row for row in rows if row is not None and not isinstance(row, DeadLetter)])
    truth, bots, found, users = simulation.truth, set(simulation.truth.bots), 0, 0
    for user, weights in made.weights.items():
        signals = made.tags[user][-1][0] % 86_400_000
        if user in bots or not user.startswith("u") or signals < 15:
            continue
        users += 1
        ranked = sorted(weights, key=lambda tag: (-weights[tag][2], tag))[:TOP]
        wanted = [tag for tag, _ in truth.top_tags(user, truth.newest_ms, TOP)]
        found += len(set(ranked) & set(wanted))
    by_chance = TOP / settings.tags
    assert users >= 40
    assert found / (users * TOP) > 4 * by_chance, "by chance one in eight"
