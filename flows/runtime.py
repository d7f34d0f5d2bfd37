"""What one process shares among the steps of its dataflow: settings, catalogue, scenes, boards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from decisions.boards import Boards
from decisions.decide import DecideContext
from decisions.digest import Digest
from events.pseudonyms import Pseudonyms
from features.catalogue import Catalogue
from features.door import Door
from features.observed import ObserveContext
from features.room_tables import SharedIds
from features.scene import Scenes
from features.storefront import Storefronts
from flows.messages import Report
from flows.metrics.epochs import EpochMeter
from flows.routing import LEARN, shard_names, worker_of
from flows.settings import Settings
from models.prior import prior_table

if TYPE_CHECKING:
    from flows.shelf_stores import Stores


@dataclass
class Progress:
    """How far the shards of a process have come, so that old tables can be let go."""

    seconds: dict[tuple[str, int], int] = field(default_factory=dict)

    def slowest(self) -> int:
        """The second that every shard has passed; -1 before all have begun."""
        return min(self.seconds.values(), default=-1)


class Runtime:
    """Made once a process; steps hold it, snapshots never do."""

    def __init__(
        self,
        settings: Settings,
        live: bool = False,
        workers: int = 1,
        process: int = 0,
        recovery: str | None = None,
        evaluates: bool = False,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self.settings = settings
        self.live = live
        self.recovers = recovery is not None
        self.evaluates = evaluates
        self.workers = workers
        self.door = Door(pseudonyms)
        self.shard_names = shard_names(settings.flow.shards)
        self.feature_names = settings.feature_names
        self.catalogue = Catalogue(settings.catalogue)
        delay_s = settings.table_delay_s
        recent = settings.attending
        sides = settings.sides if settings.factors.on else None
        more = settings.more if settings.more.on else None
        self.storefronts = Storefronts(self.catalogue)
        self.scenes = Scenes(
            *(self.catalogue, delay_s, settings.scene, settings.content, recent),
            segments=settings.segmented,
        )
        prior = prior_table(settings.learning, self.feature_names)
        self.boards = Boards(
            *(self.scenes, prior, delay_s, settings.slate),
            sides,
            settings.vector,
        )
        self.room_ids = SharedIds()
        self.scenes.waits = self.boards.waits = not live
        self.catalogue_ready = not live
        self.progress = Progress()
        self.epochs = EpochMeter()
        self.told: dict[str, Mapping[str, Any]] = {}
        """The newest report of each step here; whoever reads it copies it first."""
        self.own = [
            number
            for number, name in enumerate(self.shard_names)
            if worker_of(name, workers) == process
        ]
        """The shards of this process."""
        for number in self.own:
            self.progress.seconds["observe", number] = -1
            self.progress.seconds["decide", number] = -1
        if worker_of(LEARN, workers) == process:
            # River is loaded where there is something to learn alone, and before it is needed.
            import models.learn  # noqa: F401
        self.stores: Stores | None = None
        if recovery is not None:
            # Its library is loaded where it is needed alone.
            from flows.shelf_stores import Stores

            flow = settings.flow
            self.stores = Stores(
                *(recovery, process, workers, flow.shards, self.own, flow.cache_mb),
                epoch_s=flow.epoch_s if live else 0.0,
            )
        self.waiting_observe: set[int] = set()
        self.waiting_decide: set[int] = set()
        self.observe = ObserveContext(
            observe=settings.observe,
            people=settings.people,
            join=settings.join,
            vector=settings.vector,
            strengths=settings.strengths,
            scenes=self.scenes,
            lateness_ms=settings.flow.lateness_ms,
            width=len(settings.observed_names),
            seed=settings.flow.seed,
            evaluates=evaluates,
            recent=settings.recents,
            more=more,
            segments=settings.segmented,
            sides=sides,
        )
        self.decide = DecideContext(
            slate=settings.slate,
            push=settings.push,
            vector=settings.vector,
            boards=self.boards,
            digest=Digest(self.catalogue),
            storefronts=self.storefronts,
            more=settings.more,
            evaluates=evaluates,
        )

    def close(self) -> None:
        """Let go of what is on disk."""
        if self.stores is not None:
            self.stores.close()

    def tell(self, name: str, counts: dict[str, Any]) -> Report:
        """What a step has counted, kept for whoever asks this process."""
        self.told[name] = counts
        return Report(name, counts)

    def forget(self) -> None:
        """Drop tables and versions of the catalogue that no shard here can still need."""
        second = self.progress.slowest()
        if second >= 0:
            self.decide.digest.take_up()
            seen_s = second
            if self.observe.more is not None:
                seen_s = self.storefronts.forget_before(second)
            self.decide.digest.forget_before(self.catalogue.forget_before(seen_s * 1000))
            self.scenes.tables.forget_before(second)
            self.scenes.neighbours.forget_before(second)
            self.scenes.segments.forget_before(second)
            self.boards.tables.forget_before(second)
