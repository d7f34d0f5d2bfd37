"""What really holds in the simulated world, to compare with what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from simulator.tastes import TasteHistory

_PERSONS = 1_000_000


@dataclass
class Defects:
    """What the wire did to the lines that have been handed out; ids only up to a cap."""

    duplicates: int = 0
    disordered: int = 0  # overtaken by newer events, within the allowed lateness
    late: int = 0  # overtaken by more than the allowed lateness
    broken: Counter[str] = field(default_factory=Counter)  # by the way in which they are broken
    duplicate_ids: list[str] = field(default_factory=list)
    late_ids: list[str] = field(default_factory=list)
    broken_ids: list[str] = field(default_factory=list)

    @property
    def broken_total(self) -> int:
        """Lines that nobody can read."""
        return sum(self.broken.values())


class Truth:
    """The world's own knowledge. Persons go by the name that events count for, or their user id."""

    def __init__(self, tags: list[str]) -> None:
        self._tags = tags
        self._tastes: dict[str, TasteHistory] = {}
        self.lines = 0
        self.newest_ms = 0
        self.kinds: Counter[str] = Counter()  # good events by kind, second copies left out
        self.defects = Defects()
        self.bots: list[str] = []
        self.segments: dict[str, str] = {}
        self.links: dict[str, str] = {}  # a device's or nickname's name → its user id
        self.erased: list[str] = []
        self.silent: list[str] = []
        self.intents: dict[str, str] = {}  # event id of a comment → its intent, up to a cap

    def know(self, person: str, tastes: TasteHistory) -> None:
        """Remember whose taste is asked for under this name; the oldest names are forgotten."""
        self._tastes[person] = tastes
        if len(self._tastes) > _PERSONS:
            del self._tastes[next(iter(self._tastes))]

    def taste(self, person: str, at_ms: int) -> dict[str, float]:
        """The latent weights of a person at a time; they sum to 1. KeyError for a stranger."""
        return {self._tags[tag]: w for tag, w in self._tastes[person].at(at_ms).items()}

    def top_tags(self, person: str, at_ms: int, n: int) -> list[tuple[str, float]]:
        """The person's n strongest latent tags at a time, strongest first, ties by name."""
        taste = self.taste(person, at_ms)
        return sorted(taste.items(), key=lambda item: (-item[1], item[0]))[:n]
