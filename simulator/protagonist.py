"""The viewer whom a demonstration follows: settled in one interest, then taken by another."""

from __future__ import annotations

from collections.abc import Callable

from simulator import aside
from simulator.cast import Room, Viewer
from simulator.liking import interest
from simulator.segments import SEGMENTS
from simulator.session import show
from simulator.stage import Life, Slate, Stage
from simulator.tastes import TasteHistory

_USER_ID = "u-lin"
_DAY_MS = 86_400_000

Beat = tuple[int, str, dict[str, object]]  # ms to wait, then this kind of event with these fields
_WATCH: Beat = (30_000, "dwell", {})


class Protagonist:
    """A scripted viewer, who comes when a scene is played, for a push, or to a reserved room.

    Scenes: `habit` (two rooms of the old interest, a follow, a reservation), `turn` (a search
    for the new interest, a long visit with likes, a question and something put into the cart)
    and `look` (the next list is shown, and its best room visited). Each ends by itself; `busy`
    says whether one is under way. The truth knows when the taste turned.
    """

    def __init__(self, stage: Stage) -> None:
        self.user_id = _USER_ID
        self._stage = stage
        self._old = stage.catalog.groups[0][0]
        self._new = stage.catalog.groups[1][0]
        near = stage.catalog.groups[0][1]
        self.interests = (stage.catalog.tags[self._old], stage.catalog.tags[self._new])
        self._viewer = Viewer(
            seat=len(stage.viewers),
            user_id=_USER_ID,
            identity={"user_id": _USER_ID, "platform": "app"},
            person=_USER_ID,
            device_id="d-lin",
            segment=SEGMENTS[1],
            tastes=TasteHistory(stage.clock.now_ms, {self._old: 0.8, near: 0.2}),
            lang="zh",
            zone="Asia/Shanghai",
            peak_utc=12.5,
            activity=1.0,
            price_level=0.5,
            bot=False,
            push=True,
            scripted=True,
        )
        stage.viewers.append(self._viewer)
        stage.meet(self._viewer)
        self._playing = False
        self._scenes: dict[str, Callable[[], Life]] = {
            "habit": self._habit,
            "turn": self._turn,
            "look": self._look,
        }

    @property
    def busy(self) -> bool:
        """Whether a scene is under way or waits for the viewer to be free."""
        return self._playing

    def play(self, scene: str) -> None:
        """Start a scene as soon as the viewer is free.

        KeyError: there is none of that name. RuntimeError: another one is under way.
        """
        life = self._scenes[scene]
        if self._playing:
            raise RuntimeError(f"scene {scene!r}: another one is still under way")
        self._playing = True
        self._stage.clock.start(self._play(life()))

    def _play(self, life: Life) -> Life:
        while self._viewer.busy:
            yield 500
        self._viewer.busy = True
        if not self._viewer.introduced:
            self._viewer.introduced = True
            account = {
                "user_id": _USER_ID,
                "timezone": self._viewer.zone,
                "registered_ms": self._stage.settings.start_ms - _DAY_MS,
                "consent": {"profiling": True, "push": True},
                "attributes": {"language": "zh", "price_level": self._viewer.price_level},
            }
            self._stage.announce("user", account)
        yield from life
        self._viewer.busy = self._playing = False

    def _habit(self) -> Life:
        tag = self._old
        for like in (2, 1):
            yield 1_500
            slate = self._search("{}推荐", tag)
            yield 2_500
            likes: Beat = (5_000, "like", {"count": like})
            yield from self._visit(slate, tag, [_WATCH, likes, _WATCH])
        coming = sorted(self._stage.scheduled, key=lambda room: (room.start_ms, room.room_id))
        if coming:
            # The host of the nearest start is followed, a seat taken in the room after it.
            host, seat = coming[0].host, coming[min(1, len(coming) - 1)]
            self._viewer.followed = (*self._viewer.followed, host)
            host.add_fan(self._viewer)
            self._stage.say(self._viewer, "follow", {"host_id": host.host_id})
            yield 1_500
            self._stage.say(self._viewer, "preview_seen", {"room_id": seat.room_id})
            yield 1_500
            aside.reserve(self._stage, self._viewer, seat)

    def _turn(self) -> Life:
        tag = self._new
        self._stage.tastes.jump(self._viewer.tastes, self._stage.clock.now_ms, tag)
        slate = self._search("想买{}", tag)
        yield 2_000
        question = f"这款{self._stage.catalog.tags[tag]}有优惠吗?想今天下单"
        likes: Beat = (4_000, "like", {"count": 3})
        asks: Beat = (6_000, "comment", {"text": question})
        shops: list[Beat] = [(8_000, "view", {}), (5_000, "cart_add", {})]
        yield from self._visit(slate, tag, [_WATCH, likes, asks, _WATCH, *shops, _WATCH, _WATCH])

    def _look(self) -> Life:
        slate = show(self._stage, self._viewer)
        yield 2_000
        request_id, _, shown = slate
        rooms = [room for room, _ in shown if room.live]
        best = max(rooms, key=lambda r: (interest(self._viewer, r), r.room_id), default=None)
        if best is not None:
            yield from self._stay(best, {"request_id": request_id}, [_WATCH])

    def _search(self, wording: str, tag: int) -> Slate:
        query = wording.format(self._stage.catalog.tags[tag])
        self._stage.say(self._viewer, "search", {"query": query})
        return show(self._stage, self._viewer, tag)

    def _visit(self, slate: Slate, tag: int, beats: list[Beat]) -> Life:
        """Visit the list's best room for a tag, or where it has none, one from outside of it."""
        request_id, _, shown = slate
        room = _best([room for room, _ in shown], tag, self._viewer)
        if room is not None:
            yield from self._stay(room, {"request_id": request_id}, beats)
            return
        room = _best(self._stage.policy.live, tag, self._viewer)
        if room is not None:
            yield from self._stay(room, {}, beats)

    def _stay(self, room: Room, via: dict[str, object], beats: list[Beat]) -> Life:
        stage, viewer = self._stage, self._viewer
        here: dict[str, object] = {"room_id": room.room_id}
        stage.say(viewer, "click", here | via)
        yield 600
        stage.say(viewer, "enter", here)
        viewer.recent = (*viewer.recent[-5:], room)
        entered_ms = said_ms = stage.clock.now_ms
        # Not what is on air: so that it can come on air later.
        product = next((p for p in room.products if p is not room.on_air), room.products[0])
        for wait_ms, kind, fields in beats:
            yield wait_ms
            now_ms = stage.clock.now_ms
            if kind == "dwell":
                fields = {"dwell_ms": now_ms - said_ms}
                said_ms = now_ms
            elif kind in ("view", "cart_add"):
                fields = {"product_id": product.product_id}
            stage.say(viewer, kind, here | fields)
        yield 3_000
        now_ms = stage.clock.now_ms
        last = {"dwell_ms": now_ms - said_ms, "left": True, "visit_ms": now_ms - entered_ms}
        stage.say(viewer, "dwell", here | last)


def _best(rooms: list[Room], tag: int, viewer: Viewer) -> Room | None:
    """The room that is most about a tag, new to the viewer, and has the longest to go."""
    fitting = [room for room in rooms if room.live and tag in room.tags]
    return max(
        fitting,
        key=lambda r: (r not in viewer.recent, -r.tags.index(tag), r.end_ms, r.room_id),
        default=None,
    )
