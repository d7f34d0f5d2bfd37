"""Random logs of a small world in which everything happens that a shard must get right."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from events import kinds
from tests.line import Teller

ROWS = 120
seeds = st.integers(0, 10**6)
cut_places = st.lists(st.integers(1, ROWS - 1), max_size=8)
TAGS = ("tea", "silk", "茶", "jade ring", "tea pot", "游戏")
USERS = ("u0", "u1", "u2", "u3")
HOSTS = ("h0", "h1", "h2")
ROOMS = ("r0", "r1", "r2", "r3", "r4", "r5", "r6")
PRODUCTS = ("p0", "p1", "p2", "p3")
_GAPS_S = (*[0] * 6, 0.2, 0.2, 0.4, 0.4, 1, 1, 3, 3, 11, 40, 650, 4000, 200_000, 3_000_000)


def random_log(seed: int) -> list[Any]:
    """So many rows as `cut_places` cuts."""
    return SmallWorld(Teller(), seed).log(ROWS)


class SmallWorld:
    """Draws one log: rooms change, start, end and are named late; rows come twice, late, and
    after long silences; people link, forbid, erase and return."""

    def __init__(self, say: Any, seed: int, anonymous: bool = True) -> None:
        self.say = say
        self.dice = random.Random(seed)
        self.anonymous = anonymous
        self.at_s = 100.0
        self.requests: list[tuple[str, list[str]]] = []
        self.orders = 0

    def log(self, rows: int) -> list[Any]:
        """So many events, in log order."""
        dice, log = self.dice, []
        for _ in range(4):
            log.append(self._catalogue())
        while len(log) < rows:
            self.at_s += dice.choice(_GAPS_S)
            draw = dice.random()
            if draw < 0.15:
                log.append(self._catalogue())
            elif draw < 0.35:
                log += self._list()
            elif draw < 0.40 and log:
                log.append(dice.choice(log[-10:]))
            elif draw < 0.48:
                log.append(self._record())
            else:
                log.append(self._act())
        return log[:rows]

    def _time_s(self) -> float:
        return self.at_s - self.dice.choice([0, 0, 0, 0.5, 5, 15, 700])

    def _some_tags(self) -> str:
        return " ".join(tag for tag in self.dice.sample(TAGS, self.dice.randrange(4)))

    def _catalogue(self) -> Any:
        dice, say, at_s = self.dice, self.say, self._time_s()
        room_id, product_id = dice.choice(ROOMS), dice.choice(PRODUCTS)
        draw = dice.random()
        if draw < 0.6:
            return say.room(
                *(room_id, self._some_tags(), at_s),
                host_id=HOSTS[int(room_id[1]) % 3],
                status=dice.choice(["live", "live", "live", "scheduled", "ended"]),
                start_time_ms=say.start_ms + dice.randrange(-3600, 7200) * 1000,
                products=dice.sample(PRODUCTS, dice.randrange(3)),
            )
        if draw < 0.75:
            tags = self._some_tags().split()
            name = f"名{dice.randrange(9)}"
            return say(kinds.Host, at_s, host_id=dice.choice(HOSTS), name=name, tags=tags)
        if draw < 0.85:
            price = dice.choice([5.0, 30.0, 0.0])
            product = say.product(product_id, self._some_tags(), price, at_s)
            product.title = f"{product_id} {dice.randrange(9)}"
            return product
        fields = {
            "product_id": dice.choice([product_id, None]),
            "point": dice.choice([*TAGS, None]),
        }
        return say(kinds.OnAir, at_s, room_id=room_id, **fields)

    def _list(self) -> list[Any]:
        dice = self.dice
        request_id, user = f"q{len(self.requests)}", dice.choice(USERS)
        rooms = dice.sample(ROOMS, dice.randrange(1, 5))
        self.requests.append((request_id, rooms))
        return list(self.say.shown(self._time_s(), user, request_id, " ".join(rooms)))

    def _who(self) -> dict[str, str]:
        dice = self.dice
        if self.anonymous and dice.random() < 0.2:
            return dice.choice(
                [{"device_id": "d0"}, {"device_id": "d1"}, {"platform": "x", "nickname": "n"}]
            )
        return {"user_id": dice.choice(USERS)}

    def _record(self) -> Any:
        dice, say, user, at_s = self.dice, self.say, self.dice.choice(USERS), self._time_s()
        draw = dice.random()
        if draw < 0.15:
            return say(kinds.Erase, at_s, user)
        if draw < 0.4 and self.anonymous:
            who = dice.choice([{"device_id": "d0"}, {"platform": "x", "nickname": "n"}])
            fields = {**who, "confidence": dice.choice([None, 0.5, 0.9])}
            return say(kinds.IdentityLink, at_s, user, **fields)
        if draw < 0.6:
            agreed = dice.choice([True, True, False])
            return say(
                kinds.User, at_s, user, consent=kinds.Consent(profiling=agreed, push=not agreed)
            )
        if draw < 0.8:
            zone = dice.choice(["Asia/Shanghai", "America/New_York"])
            return say(kinds.User, at_s, user, timezone=zone, consent=kinds.Consent(push=True))
        host = {"host_id": dice.choice(HOSTS)}
        fields = dice.choice([host, {"tag": dice.choice(TAGS)}])
        return say(dice.choice([kinds.Mute, kinds.Unmute]), at_s, user, **fields)

    def _act(self) -> Any:
        dice, who, at_s = self.dice, self._who(), self._time_s()
        room_id, product_id = dice.choice([*ROOMS, "r-nobody-knows"]), dice.choice(PRODUCTS)
        room, product = {"room_id": room_id}, {"product_id": product_id}
        request: dict[str, Any] = {}
        if self.requests and dice.random() < 0.7:
            request_id, rooms = dice.choice(self.requests[-4:])
            room = {"room_id": dice.choice(rooms)}
            request = {"request_id": dice.choice([request_id, None])}
        acts: list[Callable[[], tuple[type[Any], dict[str, Any]]]] = [
            lambda: (kinds.Click, {**room, **request}),
            lambda: (kinds.Click, {**room, **request}),
            lambda: (kinds.Click, product),
            lambda: (kinds.Like, {**room, "count": dice.choice([None, 1, 9])}),
            lambda: (kinds.Comment, {**room, "text": "好"}),
            lambda: (kinds.Dwell, {**room, "dwell_ms": dice.choice([900, 40_000]), "left": True}),
            lambda: (kinds.Dwell, {**room, "dwell_ms": 15_000, "visit_ms": 45_000}),
            lambda: (kinds.Enter, room),
            lambda: (kinds.Share, room),
            lambda: (kinds.Gift, {**room, "amount": 5.0}),
            lambda: (kinds.Follow, {"host_id": dice.choice(HOSTS)}),
            lambda: (kinds.Unfollow, {"host_id": dice.choice(HOSTS)}),
            lambda: (kinds.Dismiss, dice.choice([room, product, {"tag": "tea"}])),
            lambda: (kinds.Reserve, room),
            lambda: (kinds.ReserveCancel, room),
            lambda: (kinds.CartAdd, product),
            lambda: (kinds.Search, {"query": dice.choice(["Tea pot!", "喝茶去", "steam"])}),
            lambda: (kinds.Order, {**product, **room, "amount": 9.0, "order_id": self._order()}),
            lambda: (kinds.Refund, {**product, "order_id": f"o{max(0, self.orders - 1)}"}),
        ]
        kind, fields = dice.choice(acts)()
        return self.say(kind, at_s, **who, **fields)

    def _order(self) -> str:
        self.orders += 1
        return f"o{self.orders - 1}"
