"""One like, and one new room, change the next list: laws over many users of a made market."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

from decisions.settings import SlateSettings
from decisions.slate import Ranker
from events import kinds
from features.vector import VectorSettings
from tests.line import START_MS, Line, Teller

ROOMS, USERS, TAGS = 400, 60, 60


class Evening:
    """Rooms of three tags each, of which some are everybody's; half of the users have a past."""

    def __init__(self, seed: int) -> None:
        self.dice, self.say, self.line = random.Random(seed), Teller(), Line()
        dice, say = self.dice, self.say
        self.rooms = {f"r{n:03}": self.some_tags() for n in range(ROOMS)}
        self.line.feed(
            say.room(
                *(room, " ".join(tags)),
                start_time_ms=START_MS - dice.randrange(7_200) * 1_000,
            )
            for room, tags in self.rooms.items()
        )
        self.users = [f"u{n}" for n in range(USERS)]
        self.past: dict[str, dict[str, float]] = {user: {} for user in self.users[::2]}
        log, at_s = [], 20.0
        for number in range(12 * len(self.past)):
            user = dice.choice(list(self.past))
            fitting = [r for r in self.rooms if self.past[user].keys() & set(self.rooms[r])]
            liked = dice.choice(fitting if fitting and dice.random() < 0.6 else list(self.rooms))
            shown = list(dict.fromkeys([*dice.choices(sorted(self.rooms), k=5), liked]))
            log += say.shown(at_s, user, f"q{number}", " ".join(shown))
            request = {"room_id": liked, "request_id": f"q{number}"}
            log.append(say(kinds.Click, at_s + 0.1, user, **request))
            for tag in self.rooms[liked]:
                self.past[user][tag] = self.past[user].get(tag, 0.0) + 1.0
            at_s += 1.0
        self.line.feed(log)
        self.at_s = at_s

    def some_tags(self) -> list[str]:
        weights = [1.0 / (1.0 + n) ** 0.5 for n in range(TAGS)]
        drawn: dict[str, None] = {}
        while len(drawn) < 3:
            drawn[f"t{self.dice.choices(range(TAGS), weights)[0]}"] = None
        return list(drawn)

    def strongest(self, user: str) -> list[str]:
        """By plain sums of clicks."""
        past = self.past[user]
        return sorted(past, key=lambda tag: (-past[tag], tag))[:5]

    def ask(self, users: list[str]) -> list[Any]:
        """Events that bring each user a new list and change nothing in it."""
        self.at_s += 2.0
        return [self.say(kinds.Mute, self.at_s, user, tag="nobody's") for user in users]

    def mean_ranks(self, others: dict[str, list[str]]) -> dict[str, float]:
        """By the last wish of each user: the mean place of some rooms among all."""
        ranker = Ranker(SlateSettings(), VectorSettings())
        wishes = {step.user_id: step.wish for step in self.line.made.wishes}
        boards, found = self.line.runtime.boards, {}
        board, live = boards.board(*boards.at(self.line.clock_ms // 1000, self.line.seq))
        for user, rooms in others.items():
            wish = wishes[user]
            _, by = ranker.ranked(wish, board, live, ranker.tag_values(wish.view, board))
            found[user] = sum(int((by > by[live.place[room]]).sum()) for room in rooms) / len(rooms)
        return found


@pytest.fixture(scope="module")
def evening() -> Evening:
    """One evening; what is asked of it leaves no trace in what comes next."""
    return Evening(4)


def test_a_like_moves_the_rooms_that_share_tags_with_it_up(evening: Evening):
    liked, others = {}, {}
    for user in evening.users:
        alike: list[str] = []
        while not alike:
            liked[user] = evening.dice.choice(sorted(evening.rooms))
            tags = set(evening.rooms[liked[user]])
            alike = [r for r, own in evening.rooms.items() if len(tags & set(own)) >= 2]
            alike.remove(liked[user])
        others[user] = alike
    evening.line.feed(evening.ask(evening.users))
    before = evening.mean_ranks(others)
    decided = len(evening.line.made.decisions)
    evening.at_s += 2.0
    evening.line.feed(
        evening.say(kinds.Like, evening.at_s, user, room_id=room) for user, room in liked.items()
    )
    asked = {d.user_id for d in evening.line.made.decisions[decided:] if d.type == "slate"}
    assert asked == set(evening.users), "each has a new list"
    after = evening.mean_ranks(others)
    assert sum(after[user] < before[user] for user in others) >= 0.95 * USERS


def test_a_new_room_is_found_by_those_whose_tags_it_has_and_by_no_others(evening: Evening):
    found: dict[bool, list[bool]] = {True: [], False: []}
    fans = sorted(evening.past)
    for number in range(25):
        tags = set(evening.dice.sample(evening.strongest(evening.dice.choice(fans)), 2))
        room, start_s = f"new{number}", evening.at_s + 1.0
        told = {"start_time_ms": START_MS + round(start_s * 1000)}
        theirs = [user for user in fans if tags <= set(evening.strongest(user))]
        others = [user for user in fans if not tags & evening.past[user].keys()]
        decided = len(evening.line.made.decisions)
        evening.line.feed(
            [
                evening.say.room(room, " ".join(tags), start_s, **told),
                *evening.ask(theirs + others),
            ]
        )
        lists = {
            decision.user_id: [item["room_id"] for item in orjson.loads(decision.value)["items"]]
            for decision in evening.line.made.decisions[decided:]
            if decision.type == "slate"
        }
        for whose, users in ((True, theirs), (False, others)):
            found[whose] += [room in lists[user] for user in users]
        ended = evening.say.room(room, " ".join(tags), start_s, status="ended", **told)
        evening.line.feed([ended])
    assert len(found[True]) >= 25
    assert len(found[False]) >= 50
    assert sum(found[True]) >= 0.6 * len(found[True])
    assert sum(found[False]) <= 0.05 * len(found[False])
