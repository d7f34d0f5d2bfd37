"""How much better lists could be at single moments: by what the simulator alone knows of viewers.

    python -m bench.headroom [--seed 101] [--worlds 2] [--minutes 40] [--warm-up 15] [--viewers 300]

The default policy lives through the worlds of `liveloom ab`, but that its lists hold all rooms
that are not kept out, of which viewers see ten; so it explores nothing. Whenever a list is shown,
the same rooms are put in order by the viewer's true tags, and by all that the world knows, and what
the first ten would be worth just then is set beside what those shown are. Nobody sees these lists.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Sequence
from unittest.mock import patch

from flows.screens import Screens
from flows.settings import Settings
from flows.stop import Stop
from flows.trial import Arm, World, run_arm
from simulator.cast import Room, Viewer
from simulator.liking import attraction, interest, satisfaction
from simulator.stage import Stage
from simulator.utility import list_utility
from simulator.visit import leave_propensity

SHOWN = 10
WAYS = ("as shown", "by true tags", "by all that is known")


class Headroom:
    """Sums of what lists were worth, and would have been; `ask` and `worth` stand in the trial."""

    def __init__(self) -> None:
        self.lists = 0
        self.sums = dict.fromkeys(WAYS, 0.0)
        self._held: dict[str, list[str]] = {}
        self._ask = Screens.ask

    def ask(self, screens: Screens, person: str) -> tuple[None, list[str], list[float]] | None:
        """The first ten of a list of all rooms, which is remembered whole."""
        given = self._ask(screens, person)
        if given is None:
            return None
        _, rooms, chances = given
        self._held[person] = rooms
        return None, rooms[:SHOWN], chances[:SHOWN]

    def worth(self, stage: Stage, viewer: Viewer, rooms: Sequence[Room]) -> float:
        """What a list is worth, and beside it what the rooms that were held would have been."""
        value = list_utility(stage, viewer, rooms)
        held = self._held.pop(viewer.person, None)
        if held is None:
            return value
        live = [room for name in held if (room := stage.rooms.get(name)) is not None and room.live]

        def best(key: Callable[[Room], float]) -> float:
            return list_utility(stage, viewer, sorted(live, key=key, reverse=True)[: len(rooms)])

        self.lists += 1
        values = (
            value,
            best(lambda r: interest(viewer, r)),
            best(lambda r: _one(stage, viewer, r)),
        )
        for way, one in zip(WAYS, values, strict=True):
            self.sums[way] += one
        return value


def _one(stage: Stage, viewer: Viewer, room: Room) -> float:
    """What a room at the top of a list is worth."""
    pleased = satisfaction(viewer, room)
    click = stage.clicks.probability(attraction(viewer, room))
    return click * (1.0 - stage.quick_leaves.probability(leave_propensity(room, pleased))) * pleased


def measured(seeds: Sequence[int], world: World) -> Headroom:
    """All worlds, one after another."""
    made, settings = Headroom(), Settings()
    whole = dataclasses.replace(settings.slate, items_max=1_000, pool=1_000)
    settings = dataclasses.replace(settings, slate=whole)
    with (
        patch("flows.trial._LIST_ROOMS", 1_000),
        patch.object(Screens, "ask", lambda screens, person: made.ask(screens, person)),
        patch("simulator.live.list_utility", made.worth),
        Stop().listening() as stop,
        tempfile.TemporaryDirectory() as folder,
    ):
        for seed in seeds:
            arm = Arm(folder, 1, seed, world, settings)
            run_arm(arm, 0, None, lambda share, events: None, stop)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Print what lists were worth on average."""
    parser = argparse.ArgumentParser(prog="python -m bench.headroom", description=__doc__)
    for name, default in (("seed", 101), ("worlds", 2), ("minutes", 40), ("warm-up", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--viewers", type=int, default=300)
    args = parser.parse_args(argv)
    world = World(viewers=args.viewers, before_s=60 * args.warm_up, during_s=60 * args.minutes)
    found = measured(range(args.seed, args.seed + args.worlds), world)
    plain = found.sums[WAYS[0]]
    for way, total in found.sums.items():
        print(f"{way}: {total / found.lists:.4f} a list ({total / plain - 1.0:+.1%})")
    print(f"{found.lists:,} lists")
    return 0


if __name__ == "__main__":
    sys.exit(main())
