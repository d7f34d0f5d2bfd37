"""The demonstration: an evening of a simulated world, through the whole flow and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from bytewax.run import cli_main

from events import kinds
from events.kinds import Event, person_of
from flows.closed_loop import ClosedLoop
from flows.engine import NO_EPOCHS
from flows.graph import build
from flows.replay import Stopped
from flows.report import PARTS, ReportSink, metrics
from flows.runtime import Runtime
from flows.settings import Settings
from flows.stop import Stop
from flows.world_source import WorldSource
from simulator.live import LiveWorld
from simulator.settings import SimulatorSettings, preset
from sinks.adapters import DeadLetterSink, DeliverSink
from sinks.connect import Client, connect
from sinks.dead_letters import dead_letter_runs
from sinks.embedded import EmbeddedRedis
from sinks.kept import Kept
from sinks.keys import Keys
from sinks.reader import PushDecision, Reader, UserView
from sinks.redis_sink import RedisWriter

_SCENES_S = 300

Told = Callable[[str, float, int], None]
"""Is told what goes on in the world, the share of the evening that is over, and the events."""


@dataclass(frozen=True)
class Evening:
    """How long the parts of the demonstration take in event time, and in which world."""

    world: SimulatorSettings = field(default_factory=lambda: preset("demo"))
    seed: int = 2
    before_s: int = 1_500
    after_s: int = 1_500
    step_ms: int = 5_000
    shards: int = 8

    @property
    def whole_ms(self) -> int:
        """About how long the evening is."""
        return 1_000 * (self.before_s + _SCENES_S + self.after_s)


@dataclass
class Names:
    """What the catalogue's events call things."""

    rooms: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        """Take the name that an event holds, if it holds one."""
        if isinstance(event, kinds.Room):
            self.rooms[event.room_id] = event.title
        elif isinstance(event, kinds.Host) and event.name is not None:
            self.hosts[event.host_id] = event.name
        elif isinstance(event, kinds.Product):
            self.products[event.product_id] = event.title


@dataclass
class Shown:
    """What there was to see. `interests` are the viewer's old one and the new one."""

    viewer: str
    interests: tuple[str, str]
    names: Names
    before: UserView
    after: UserView
    acts: list[Event]
    """What the viewer did between the two lists."""
    pushes: dict[str, list[PushDecision]]
    """Decisions by viewer, newest first; only those who have any."""
    figures: dict[str, Any]


class Story:
    """Follows one viewer: at first as usual, then taken by something new.

    `writers` are those of the flow: what Redis shows is looked at once it has all they were given,
    so that the same evening goes the same way each time.
    """

    def __init__(
        self,
        plan: Evening,
        world: LiveWorld,
        client: Client,
        writers: Sequence[RedisWriter],
        told: Told,
    ) -> None:
        settings = Settings().redis
        keys = Keys(settings.prefix, settings.push_streams)
        self.reader = Reader(client, settings.prefix, lambda: world.now_ms)
        self.loop = ClosedLoop(world, client, self.reader, keys)
        self.names = Names()
        self.views: list[UserView] = []
        self.acts: list[Event] = []
        self.persons: dict[str, None] = {}
        self._plan = plan
        self._world = world
        self._writers = writers
        self._told = told
        self._began_ms = world.now_ms
        self._events = 0
        self._steps = self._tell()

    def __call__(self, events: Sequence[Event]) -> int | None:
        """Answer the last step's events, and say how long to live on; see `world_source.Story`."""
        for writer in self._writers:
            writer.flush()
        self._events += len(events)
        for event in events:
            person = person_of(event)
            if person is None:
                self.names.learn(event)
            else:
                self.persons[person] = None
                if person == self._world.protagonist.user_id and len(self.views) == 1:
                    self.acts.append(event)
        self.loop.answer(events)
        return next(self._steps, None)

    def _tell(self) -> Iterator[int]:
        plan, me = self._plan, self._world.protagonist
        old, new = me.interests
        yield from self._live("the evening begins", plan.before_s * 1_000)
        yield from self._play(f"Lin watches as usual: {old}", "habit")
        self._look()
        yield from self._play(f"Lin gets into something new: {new}", "turn")
        self._look()
        yield from self._live("the evening goes on", plan.after_s * 1_000)

    def _look(self) -> None:
        self.views.append(self.reader.get(self._world.protagonist.user_id, self._world.now_ms))

    def _live(self, what: str, stretch_ms: int) -> Iterator[int]:
        until_ms = self._world.now_ms + stretch_ms
        while self._world.now_ms < until_ms:
            yield self._next(what)

    def _play(self, what: str, scene: str) -> Iterator[int]:
        protagonist = self._world.protagonist
        protagonist.play(scene)
        while protagonist.busy:
            yield self._next(what)

    def _next(self, what: str) -> int:
        now_ms = self._world.now_ms
        share = (now_ms - self._began_ms) / self._plan.whole_ms
        self._told(what, min(1.0, share), self._events)
        return now_ms + self._plan.step_ms


def run_demo(folder: Path, plan: Evening, told: Told, stop: Stop) -> Shown:
    """Live through the evening, with a Redis of its own in the folder; `Stopped` if cut short."""
    settings = Settings()
    settings = replace(settings, flow=replace(settings.flow, shards=plan.shards))
    with EmbeddedRedis(folder / "redis") as url:
        client = connect(url, settings.redis)
        world = LiveWorld(plan.world, plan.seed)
        runtime = Runtime(settings)
        writers: list[RedisWriter] = []

        def make_writer(part: str, marks: Mapping[str, int], kept: Kept | None) -> RedisWriter:
            link = connect(url, settings.redis)
            writers.append(RedisWriter(link, settings.redis, part, marks=marks))
            return writers[-1]

        story = Story(plan, world, client, writers, told)
        flow = build(
            runtime,
            WorldSource(world, runtime, stop, story),
            DeliverSink(settings.flow.deliver_parts, make_writer, 0, settings.redis),
            DeadLetterSink(1, lambda part: dead_letter_runs(folder, part)),
            ReportSink(folder),
        )
        cli_main(flow, epoch_interval=NO_EPOCHS)
        if stop.asked or len(story.views) < 2:
            raise Stopped
        persons = list(story.persons)
        histories = story.reader.push_history(persons)
        client.close()
    return Shown(
        viewer=world.protagonist.user_id,
        interests=world.protagonist.interests,
        names=story.names,
        before=story.views[0],
        after=story.views[1],
        acts=story.acts,
        pushes={user: own for user, own in zip(persons, histories, strict=True) if own},
        figures=metrics(msgspec.json.decode((folder / PARTS).read_bytes())),
    )
