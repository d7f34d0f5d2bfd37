"""A policy in a simulated world whose viewers see what it decides: one arm of an A/B test."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import msgspec

from evaluation.crowds import Crowds
from evaluation.trial import Served, Watched
from events import kinds
from events.kinds import Event, person_of
from flows.engine import NO_EPOCHS, run_flow
from flows.faults import NotedSink, NotedSource
from flows.graph import build
from flows.log_source import Told
from flows.policies import Policy
from flows.replay import Stopped
from flows.report import PARTS, ReportSink
from flows.runtime import Runtime
from flows.screens import Screens, ScreensSink
from flows.settings import Settings
from flows.side_by_side import run_side_by_side
from flows.stop import Stop
from flows.world_source import WorldSource
from simulator.cast import Room
from simulator.live import LiveWorld
from simulator.settings import preset
from sinks.adapters import DeadLetterSink
from sinks.dead_letters import clear_dead_letters, dead_letter_runs

LINES = "trial.jsonl"
_SHARDS = 8
_LIST_ROOMS = 10
_STEP_MS = 5_000
_POLICY_SURFACE = "recs"


@dataclasses.dataclass(frozen=True)
class World:
    """How large the worlds of a trial are, and how long they last, in event time."""

    viewers: int = 400
    hosts: int = 120
    events_per_second: float = 40.0
    before_s: int = 1_200
    """At first the world shows lists of its own, from which every policy learns alike."""
    during_s: int = 3_600


@dataclasses.dataclass(frozen=True)
class Arm:
    """One policy in the world of one seed; `out` is a folder of its own."""

    out: str
    processes: int
    seed: int
    world: World
    settings: Settings


def run_arm(arm: Arm, process: int, addresses: list[str] | None, told: Told, stop: Stop) -> None:
    """Live through the world of one arm, and leave what was shown and what came of it."""
    out, plan = Path(arm.out), arm.world
    settings = dataclasses.replace(
        arm.settings, flow=dataclasses.replace(arm.settings.flow, shards=_SHARDS)
    )
    world = LiveWorld(
        dataclasses.replace(
            preset("demo"),
            viewers=plan.viewers,
            hosts=plan.hosts,
            events_per_second=plan.events_per_second,
        ),
        arm.seed,
    )
    runtime, screens = Runtime(settings), Screens(_LIST_ROOMS)
    story = _Story(arm, world, screens, told)
    flow = build(
        runtime,
        NotedSource(WorldSource(world, runtime, stop, story)),
        NotedSink(ScreensSink(screens)),
        NotedSink(DeadLetterSink(1, lambda part: dead_letter_runs(out, part))),
        NotedSink(ReportSink(out)),
    )
    run_flow(flow, process, None, NO_EPOCHS, None)
    if not stop.asked:
        story.write(out / LINES)


class _Story:
    """Lets the world go on by itself, then puts it into the policy's hands."""

    def __init__(self, arm: Arm, world: LiveWorld, screens: Screens, told: Told) -> None:
        self._arm = arm
        self._world = world
        self._screens = screens
        self._told = told
        self._began_ms = world.now_ms
        self._turn_ms = world.now_ms + 1_000 * arm.world.before_s
        self._end_ms = self._turn_ms + 1_000 * arm.world.during_s
        self._turned = False
        self._events = 0
        self._seen: set[str] = set()
        self._served: dict[str, Served] = {}
        self._watched: dict[str, Watched] = {}
        self._crowds = Crowds(arm.seed)

    def __call__(self, events: Sequence[Event]) -> int | None:
        """Take the last step's events; see `world_source.Story`."""
        now_ms = self._world.now_ms
        self._events += len(events)
        for event in events:
            if isinstance(event, kinds.Room):
                live = event.status == "live"
                self._crowds.room(event.event_time_ms, event.room_id, event.host_id, live)
            elif self._turned:
                self._count(event)
            elif isinstance(event, kinds.Click) and event.room_id is not None:
                user_id = self._user_of(event)
                if user_id is not None:
                    self._crowds.came(user_id, event.room_id)
        if not self._turned and now_ms >= self._turn_ms:
            self._turned = True
            self._world.experiment(self._screens.ask, self._witness)
        share = (now_ms - self._began_ms) / (self._end_ms - self._began_ms)
        self._told(min(1.0, share), self._events)
        return None if now_ms >= self._end_ms else now_ms + _STEP_MS

    def _witness(
        self, user_id: str, request_id: str, surface: str, rooms: list[Room], worth: float
    ) -> None:
        self._served[request_id] = Served(
            self._world.now_ms,
            self._arm.seed,
            user_id,
            surface == _POLICY_SURFACE,
            worth,
            [room.room_id for room in rooms],
            [room.host.host_id for room in rooms],
        )

    def _count(self, event: Event) -> None:
        if not isinstance(event, kinds.Click | kinds.Dwell) or event.event_id in self._seen:
            return
        self._seen.add(event.event_id)
        if isinstance(event, kinds.Click):
            served = self._served.get(event.request_id or "")
            if served is not None:
                served.clicks += 1
        elif event.left and event.visit_ms:
            user_id = self._user_of(event)
            if user_id is not None:
                watched = self._watched.setdefault(user_id, Watched(self._arm.seed, user_id))
                watched.visit_ms += event.visit_ms

    def _user_of(self, event: Event) -> str | None:
        person = person_of(event)
        return None if person is None else self._world.user_of(person)

    def write(self, path: Path) -> None:
        """What was shown, in order, how long each user watched, and what became of rooms."""
        rows = [*self._served.values(), *self._watched.values(), *self._crowds.rows()]
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def finish_arm(arm: Arm) -> None:
    """`Stopped` where an arm has not come to its end."""
    out = Path(arm.out)
    clear_dead_letters(out)
    (out / PARTS).unlink(missing_ok=True)
    if not (out / LINES).exists():
        raise Stopped


def run_trial(
    out: Path,
    policies: Sequence[Policy],
    seeds: Sequence[int],
    world: World,
    at_once: int,
    told: Told,
    stop: Stop,
) -> None:
    """Every policy in every world, each in a folder of its own; see `run_side_by_side`."""
    arms = [
        Arm(str(folder_of(out, policy, seed)), 1, seed, world, policy.settings)
        for policy in policies
        for seed in seeds
    ]
    for arm in arms:
        (Path(arm.out) / LINES).unlink(missing_ok=True)
    run_side_by_side(arms, "flows.commands.trial_worker", at_once, told, stop, finish_arm)


def folder_of(out: Path, policy: Policy, seed: int) -> Path:
    """Where one policy's arm in one world is left."""
    return out / policy.name / f"world-{seed}"
