"""Events of a lively evening without an end, each with the moment at which it is to be sent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, product
from typing import Any

from events import kinds
from events.kinds import FAMILY_OF, KIND_OF

USERS = [f"u{number}" for number in range(48)]
ONE_TOPIC, SOME_TOPICS = ("clicks",), ("clicks", "impressions", "likes")
"""A kind whose own topic is not among them goes to the first."""
AGO_S = 60.0
CLOSES_S = 30.0
_TAGS = ["tea", "pots", "cups", "lamps", "boots", "silk"]
_ROOMS = 6
_STEP_S = 0.02
_FIRST_START_S, _START_EVERY_S, _STARTS = 15.0, 4.0, 400
_KINDS = (
    ["list"] * 5 + ["click"] * 5 + ["like"] * 3 + ["dwell", "follow", "cart", "reserve", "reserve"]
) + ["order", "search", "gift", "share"]


@dataclass(frozen=True)
class Sent:
    """An event, its topic, and when to send it, in seconds after the beginning.

    It goes to the partition of its person, or to the one named.
    """

    at_s: float
    topic: str
    event: Any
    part: int = -1


class Traffic:
    """Made by one seed; event times lie a minute behind the moment of sending.

    All of a user's events lie in one partition, or in one of each of the topics. With `starts`,
    rooms go live and end while viewers act; without, the catalogue is whole beforehand.
    """

    def __init__(
        self, seed: int, begin_ms: int, topics: Sequence[str], parts: int, starts: bool
    ) -> None:
        self._dice = random.Random(seed)
        self._begin_ms = begin_ms
        self._topics = topics
        self._parts = parts
        self._starts = starts
        self._numbers = count()

    def _make(self, kind: type[Any], at_s: float, **fields: Any) -> Any:
        at_ms = self._begin_ms + round(at_s * 1000)
        return kind(event_id=f"e{next(self._numbers)}", event_time_ms=at_ms, **fields)

    def _room(self, room_id: str, number: int, status: str, at_s: float, start_s: float) -> Any:
        return self._make(
            kinds.Room,
            at_s,
            room_id=room_id,
            host_id=f"h{number % 9}",
            title=f"room {room_id}",
            tags=[_TAGS[number % 6], _TAGS[(number + 2) % 6]],
            status=status,
            start_time_ms=self._begin_ms + round(start_s * 1000),
            products=[f"p{number % 12}"],
        )

    def catalogue(self) -> list[Any]:
        """All that is known beforehand."""
        said: list[Any] = [
            self._make(
                kinds.Product,
                0,
                product_id=f"p{number}",
                title=f"product {number}",
                tags=[_TAGS[number % 6]],
                price=5.0 + number,
                category="any",
            )
            for number in range(12)
        ]
        said += [self._room(f"r{n}", n, "live", 0, 0) for n in range(_ROOMS)]
        for number in range(_STARTS):
            start_s = _FIRST_START_S + number * _START_EVERY_S
            said.append(self._room(f"s{number}", number, "scheduled", 0, start_s))
        return said

    def events(self) -> Iterator[Sent]:
        """What is to be sent, in order; first where the users are from."""
        dice, next_start = self._dice, 0
        for number, user in enumerate(USERS):
            told = self._make(kinds.User, 0, user_id=user, attributes={"city": f"c{number % 3}"})
            yield Sent(0, self._topic_of(told), told)
        for step in count(1):
            at_s = step * _STEP_S
            start_s = _FIRST_START_S + next_start * _START_EVERY_S
            if self._starts and at_s >= start_s and next_start < _STARTS:
                yield self._status(next_start, "live", at_s, start_s)
                if next_start >= 2:
                    yield self._status(next_start - 2, "ended", at_s, start_s)
                next_start += 1
            user = dice.choice(USERS)
            for event in self._act(dice.choice(_KINDS), user, at_s):
                yield Sent(at_s, self._topic_of(event), event)

    def _status(self, number: int, status: str, at_s: float, start_s: float) -> Sent:
        return Sent(at_s, "catalog", self._room(f"s{number}", number, status, at_s, start_s))

    def _topic_of(self, event: Any) -> str:
        family = FAMILY_OF[KIND_OF[type(event)]]
        return family if family in self._topics else self._topics[0]

    def _act(self, kind: str, user: str, at_s: float) -> Iterator[Any]:
        dice = self._dice
        room_id, number = f"r{dice.randrange(_ROOMS)}", dice.randrange(12)
        made: dict[str, tuple[type[Any], dict[str, Any]]] = {
            "click": (kinds.Click, {"room_id": room_id}),
            "like": (kinds.Like, {"room_id": room_id}),
            "dwell": (kinds.Dwell, {"room_id": room_id, "dwell_ms": 9_000 + 500 * number}),
            "follow": (kinds.Follow, {"host_id": f"h{number % 9}"}),
            "cart": (kinds.CartAdd, {"product_id": f"p{number}"}),
            "reserve": (kinds.Reserve, {"room_id": self._soon(at_s)}),
            "order": (
                kinds.Order,
                {"order_id": f"o{at_s:.2f}", "product_id": f"p{number}", "amount": 9.0},
            ),
            "search": (kinds.Search, {"query": _TAGS[number % 6]}),
            "gift": (kinds.Gift, {"room_id": room_id, "amount": 2.0}),
            "share": (kinds.Share, {"room_id": room_id}),
        }
        if kind != "list":
            what, fields = made[kind]
            yield self._make(what, at_s, user_id=user, **fields)
            return
        for position, shown in enumerate(dice.sample(range(_ROOMS), 3)):
            yield self._make(
                kinds.Impression,
                at_s,
                user_id=user,
                request_id=f"q{at_s:.2f}",
                room_id=f"r{shown}",
                position=position,
                surface="feed",
            )

    def _soon(self, at_s: float) -> str:
        """A room that starts within a minute."""
        number = max(0.0, at_s - _FIRST_START_S) // _START_EVERY_S + self._dice.randrange(2, 14)
        return f"s{min(_STARTS - 1, int(number))}"

    def closing(self, at_s: float) -> Iterator[Sent]:
        """After the last event: time goes on in every partition until all that is open has closed.

        Sent at `at_s`, of a time that comes later.
        """
        for late_s in (CLOSES_S - 1, CLOSES_S):
            for topic, part in product(self._topics, range(self._parts)):
                user = f"closing-{topic}-{part}"
                event = self._make(kinds.Enter, at_s + late_s, user_id=user, room_id="r0")
                yield Sent(at_s, topic, event, part)
