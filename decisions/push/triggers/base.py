"""What a trigger is: something that happened to a room, and the users for whom it matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from decisions.push.facts import Broadcast, Names, RoomInfo
from decisions.push.offer import Offer
from decisions.push.people import People
from decisions.push.settings import PushSettings

Candidate = tuple[str, Offer]
"""A user and what they might be told."""


@dataclass(frozen=True)
class Scene:
    """What triggers may look at, and never change."""

    settings: PushSettings
    people: People
    names: Names
    live: dict[str, Broadcast]


class Trigger:
    """Override what concerns you; a trigger that overrides nothing never offers anything.

    The policy calls each method once an occasion, with the instant, and weighs the
    candidates of one instant in the order (user, rank, subject), so a trigger may yield
    its users in any order that is the same in every run. A user must not be yielded twice
    with the same offer.
    """

    name: ClassVar[str]

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def instants(self, settings: PushSettings, room: RoomInfo) -> list[int]:
        """When, before a scheduled room starts, `due` must be called."""
        return []

    def due(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """One of the `instants` of some trigger has come."""
        return iter(())

    def called_off(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """A scheduled room will not take place."""
        return iter(())

    def went_live(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """A room went live; `scene.live` has its broadcast."""
        return iter(())

    def line_up_grew(
        self, scene: Scene, room: RoomInfo, added: tuple[str, ...], at_ms: int
    ) -> Iterator[Candidate]:
        """Products joined the line-up of a room that is scheduled or live."""
        return iter(())

    def on_air(
        self, scene: Scene, room: RoomInfo, product_id: str, at_ms: int
    ) -> Iterator[Candidate]:
        """A live room now shows a product."""
        return iter(())
