"""DECIDE: one shard's slates and pushes, step by step in the order of the log.

Steps come from OBSERVE with their clock and catalogue position. Catalogue events between two
steps take effect at their own clock, and a slate waits for the weights of its second, with all
behind it; so the cut of the log into rounds changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from decisions.active import Active, ActiveUsers
from decisions.boards import Boards
from decisions.digest import Digest, NamesAt, RoomChange
from decisions.judged import judge_shown
from decisions.judged_more import acted_lines, offered_line
from decisions.more import MoreRanker
from decisions.outputs import Decision, Push, Write
from decisions.push.decision import PushDecision, line_of
from decisions.push.policy import PushPolicy
from decisions.push.settings import PushSettings
from decisions.settings import SlateSettings
from decisions.slate import Ranker, Slate
from events import kinds
from events.envelope import seal, unseal
from features.more import MoreSettings
from features.rows import Shown, Step, Wish
from features.shelf import Shelves
from features.shelved import Limits, kept
from features.shrink import Shrink
from features.storefront import Storefronts
from features.user import DAY_MS
from features.vector import VectorSettings

_KIND = b"LLDE"
_VERSION = 7
_OLDEST = 3
"""Views of wishes then ended before the rooms engaged with last, in 5 before the strongest tag, in
6 before segments; and wishes of 3 asked for slates alone."""
_PAGE, _PAGE_MS = 64, 60_000
"""Of a shelf so many are looked at for idle ones, so often."""
_ALL = 1 << 62


class Counters(msgspec.Struct, array_like=True, gc=False):
    """What keeps a user's versions and the order of their decisions growing.

    `base` is the UTC day on which counting began: OBSERVE may remember the user for longer. Those
    of an erased user, `gone`, are kept while the clock stands, lest a number be given twice.
    """

    seen_ms: int
    base: int
    slates: int = 0
    decisions: int = 0
    gone: bool = False


@dataclass(slots=True)
class Decided:
    """What came of some steps, in order."""

    writes: list[Write] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    """Users whose lists and pushes so far are to go, before anything here is written."""
    recalled: list[str] = field(default_factory=list)
    """Users to whom nothing that was decided so far is to be sent."""
    forgotten: list[str] = field(default_factory=list)
    """Users whose decisions so far are to leave the log."""
    evaluation: list[bytes] = field(default_factory=list)
    """Lines for a backtest."""
    last_gone: bool = False
    """Whether the last of what was held of an erased user has gone from the shelves."""
    done: bool = False


@dataclass(frozen=True)
class DecideContext:
    """What all shards of a process share."""

    slate: SlateSettings
    push: PushSettings
    vector: VectorSettings
    boards: Boards
    digest: Digest
    storefronts: Storefronts
    shrink: Shrink = field(default_factory=Shrink)
    more: MoreSettings = field(default_factory=MoreSettings)
    evaluates: bool = False


class DecideShard:
    """All decisions for one shard's users: a function of its steps, catalogue and tables."""

    def __init__(self, context: DecideContext, shard: int, shelves: Shelves | None = None) -> None:
        self.context = context
        self.shard = shard
        self.boards = context.boards
        self.catalogue = context.boards.scenes.catalogue
        self.ranker = Ranker(context.slate, context.vector)
        self.more = MoreRanker(context.more)
        self.names = NamesAt(self.catalogue)
        self.policy = PushPolicy(context.push, shard, self.names, context.shrink, shelves)
        self.slates = 0
        self.seq = 0
        self.clock_ms = 0
        self._is_recalled = True
        self._swept_ms = 0
        self._day_ms = 0
        # At least two days, so that a base that begins anew is above what was counted before.
        self._idle_ms = max(2, context.slate.idle_days_max) * DAY_MS
        self._shelves = shelves
        self._sweep_ms = DAY_MS if shelves is None else _PAGE_MS
        self._counters = kept(
            Counters,
            lambda held: held.seen_ms + self._idle_ms,
            Limits(_ALL, context.push.shelved_hot_users_max, _PAGE),
            context.shrink,
            shelves("c") if shelves is not None else None,
        )
        self._gone: list[str] = []
        self._active = ActiveUsers(
            context.slate.active_users_max, shelves("a") if shelves is not None else None
        )
        self._steps: deque[Step | tuple[int, int, bool]] = deque()
        self._out = Decided()
        self._recs: dict[str, Write] = {}
        self._more: dict[str, Write] = {}
        self._pushed: dict[str, None] = {}

    def apply(self, steps: Sequence[Step], ends: Sequence[tuple[int, int, bool]]) -> None:
        """Take what OBSERVE made of some rounds: the steps, then where each round ended."""
        self._steps.extend(steps)
        self._steps.extend(ends)

    def drain(self) -> Decided:
        """Work on all steps that may be, in order, and hand over what came of them."""
        steps = self._steps
        if not self._is_recalled and steps:
            self._recall()
        while steps:
            step = steps[0]
            if isinstance(step, tuple):
                clock_ms, seq, done = step
                if not self.boards.is_ready(clock_ms // 1000):
                    break
                self._catch_up(seq)
                self._advance(clock_ms)
                self._forget(clock_ms)
                self.clock_ms = clock_ms
                self._out.done = self._out.done or done
            else:
                if not self.boards.is_ready(step.clock_ms // 1000):
                    break
                self._catch_up(step.seq)
                self._take(step)
            steps.popleft()
        self._tell_pushes()
        self.policy.cool()
        self._counters.cool()
        out, self._out = self._out, Decided()
        out.writes.extend(self._recs.values())
        out.writes.extend(self._more.values())
        self._recs.clear()
        self._more.clear()
        return out

    def _tell_pushes(self) -> None:
        """Hand over the last decisions of everyone about whom there are new ones."""
        for user_id in self._pushed:
            value = self.policy.value(user_id)
            if value is not None:
                self._out.writes.append(Write(user_id, "push", *value))
        self._pushed.clear()

    # Steps and catalogue.

    def _take(self, step: Step) -> None:
        self._advance(step.clock_ms)
        if isinstance(step, Shown):
            board, live = self.boards.board(*self.boards.at(step.clock_ms // 1000, step.seq))
            self._out.evaluation.append(judge_shown(self.ranker, step, board, live))
        elif step.wish is not None:
            version, slate = self._slate(step.wish, step.clock_ms, step.seq)
            if step.wish.more:
                self._beside(step.wish, slate, version, step.clock_ms, step.seq)
        elif step.fact is not None:
            if self.context.evaluates:
                lines = acted_lines(step.user_id, step.clock_ms, step.fact)
                self._out.evaluation.extend(lines)
            self._pushes(self.policy.apply(step.fact, step.clock_ms, step.user_id))
            if isinstance(step.fact, kinds.Erase | kinds.IdentityLink):
                self._drop(step.user_id)
                if isinstance(step.fact, kinds.Erase):
                    self._forget_decisions(step.user_id)
                held = self._counters.get(step.user_id)
                if held is None or step.clock_ms - held.seen_ms > self._idle_ms:
                    self._counters.drop(step.user_id)
                else:
                    held.seen_ms, held.slates, held.gone = step.clock_ms, 0, True
                    self._gone.append(step.user_id)
            elif isinstance(step.fact, kinds.User):
                consent = step.fact.consent
                if consent is not None and consent.profiling is False:
                    self._drop(step.user_id)
                elif consent is not None and consent.push is False:
                    self._recall_pushes(step.user_id)
            elif isinstance(step.fact, kinds.PushDisable) or (
                isinstance(step.fact, kinds.Mute)
                and self.policy.has_waiting(step.user_id, step.fact)
            ):
                self._recall_pushes(step.user_id)

    def _drop(self, user_id: str) -> None:
        """Nothing that was decided for the user so far is to be seen."""
        self._active.drop(user_id)
        self._recs.pop(user_id, None)
        self._more.pop(user_id, None)
        self._pushed.pop(user_id, None)
        self._out.erased.append(user_id)
        self._out.writes = [write for write in self._out.writes if write.user_id != user_id]
        self._recall_pushes(user_id)

    def _recall_pushes(self, user_id: str) -> None:
        """Nothing that has not been sent to the user yet is to be sent."""
        self._out.recalled.append(user_id)
        self._out.pushes = [push for push in self._out.pushes if push.user_id != user_id]

    def _forget_decisions(self, user_id: str) -> None:
        """No decision about the user so far is to stay in the log."""
        out = self._out
        out.forgotten.append(user_id)
        out.decisions = [one for one in out.decisions if one.user_id != user_id]

    def _advance(self, clock_ms: int) -> None:
        """Fire the pushes that are due, each with the names of its own time."""
        policy = self.policy
        if clock_ms < policy.quiet_until_ms and not self._pushed:
            policy.advance(clock_ms)
            return
        while True:
            due_ms = min(policy.due_ms, clock_ms)
            if self._pushed and due_ms // DAY_MS > policy.clock_ms // DAY_MS:
                # Who has been silent for long may be forgotten before the steps at hand end.
                self._tell_pushes()
            if policy.due_ms > clock_ms:
                break
            self.names.seq = self.catalogue.seq_at(due_ms, self.catalogue.seq)
            self._pushes(policy.advance(due_ms))
        self._pushes(policy.advance(clock_ms))

    def _catch_up(self, seq: int) -> None:
        """Let the catalogue events up to `seq` take effect, each at its own clock."""
        if seq <= self.seq:
            return
        policy, at_ms = self.policy, -1
        for change in self.context.digest.since(self.seq, seq):
            if not isinstance(change, RoomChange) and not policy.has_in_cart(change.product_id):
                continue
            if change.clock_ms != at_ms:
                at_ms = change.clock_ms
                self._advance(at_ms)
            self.names.seq = change.seq
            if isinstance(change, RoomChange):
                decided = policy.room_changed(change.old, change.new, at_ms)
                if decided:
                    self._pushes(decided)
                if self._active and change.starts:
                    self._start(change)
            else:
                self._pushes(policy.on_air(change.room_id, change.product_id, at_ms))
        self.seq = seq

    def _start(self, change: RoomChange) -> None:
        """A room starts: whoever was active just now and would have it in their slate gets it."""
        clock_ms = change.clock_ms
        since_ms = clock_ms - self.context.slate.active_s * 1000
        active = self._active.since(since_ms)
        if not active:
            return
        scene, table = self.boards.at(clock_ms // 1000, change.seq)
        number = scene.content.number[change.new.room_id]
        column = self.boards.column(scene, table, number, self.context.vector)
        for _, held in active:
            if column.rank(held.wish) > held.last_score:
                self._slate(held.wish, clock_ms, change.seq)

    # Slates and pushes.

    def _slate(self, wish: Wish, clock_ms: int, seq: int) -> tuple[int, Slate]:
        scene, table = self.boards.at(clock_ms // 1000, seq)
        board, live = self.boards.board(scene, table)
        counters = self._count(wish.user_id, clock_ms)
        counters.slates += 1
        self.slates += 1
        version = max(wish.base, counters.base) + counters.slates
        slate = self.ranker.slate(wish, board, live, version, clock_ms)
        self._recs[wish.user_id] = Write(wish.user_id, "recs", version, slate.body)
        self._log(wish.user_id, counters, clock_ms, "slate", slate.body)
        self._active.put(wish.user_id, clock_ms, slate.last_score, wish)
        return version, slate

    def _beside(self, wish: Wish, slate: Slate, version: int, clock_ms: int, seq: int) -> None:
        """The lists beside a slate, whose version they take."""
        second = clock_ms // 1000
        board, _ = self.boards.board(*self.boards.at(second, seq))
        shop = self.context.storefronts.at(second)
        reserved = self.policy.reserved(wish.user_id) if shop.to_come else ()
        body = self.more.value(wish, slate.own, board, shop, reserved, version, clock_ms)
        self._more[wish.user_id] = Write(wish.user_id, "more", version, body)
        self._log(wish.user_id, self._count(wish.user_id, clock_ms), clock_ms, "more", body)
        if self.context.evaluates:
            self._out.evaluation.append(offered_line(wish.user_id, clock_ms, body))

    def _pushes(self, decided: Sequence[PushDecision]) -> None:
        for push in decided:
            line = line_of(push)
            counters = self._count(push.user_id, push.at_ms)
            self._log(push.user_id, counters, push.at_ms, "push", line)
            self._pushed[push.user_id] = None
            if push.sent:
                payload = _payload(push)
                self._out.pushes.append(Push(push.push_id, push.user_id, push.at_ms, payload))

    def _count(self, user_id: str, at_ms: int) -> Counters:
        counters = self._counters.get(user_id)
        if (
            counters is None
            or at_ms - counters.seen_ms > self._idle_ms
            or (counters.gone and at_ms > counters.seen_ms)
        ):
            day_ms = at_ms - at_ms % DAY_MS
            if day_ms != self._day_ms:
                self._day_ms = day_ms
            # One number for all users of the day, not one each.
            counters = Counters(at_ms, self._day_ms)
            self._counters.put(user_id, counters)
        counters.seen_ms, counters.gone = max(counters.seen_ms, at_ms), False
        return counters

    def _log(self, user_id: str, counters: Counters, at_ms: int, what: str, value: bytes) -> None:
        counters.decisions += 1
        self._out.decisions.append(Decision(at_ms, user_id, counters.decisions, what, value))

    def _forget(self, clock_ms: int) -> None:
        """Let go of users who are no longer active; it changes no decision."""
        self._active.forget_before(clock_ms - self.context.slate.active_s * 1000)
        gone, self._gone = self._gone, []
        for user_id in gone:
            held = self._counters.get(user_id)
            if held is not None and held.gone:
                if held.seen_ms < clock_ms:
                    self._counters.drop(user_id)
                    self._out.last_gone = True
                else:
                    self._gone.append(user_id)
        if clock_ms - self._swept_ms > self._sweep_ms:
            self._swept_ms = clock_ms
            idle_ms = clock_ms - self._idle_ms
            counters = self._counters
            idle = [user for user, held in counters.objects.items() if held.seen_ms < idle_ms]
            for user_id in idle + counters.due(clock_ms):
                found = counters.peek(user_id)
                if found is not None and found.seen_ms < idle_ms:
                    counters.drop(user_id)

    @property
    def is_waiting(self) -> bool:
        """Whether steps wait for weights."""
        return bool(self._steps)

    def totals(self) -> dict[str, Any]:
        """What was counted."""
        return {"slates": self.slates, "push": self.policy.counts}

    def _recall(self) -> None:
        """After a restart, tell the push policy again what the catalogue held when it stopped."""
        self._is_recalled = True
        for room in self.context.digest.rooms_at(self.seq):
            self.policy.recall(room)

    # State at rest.

    def write(self) -> None:
        """Put on the shelf what was touched; a snapshot does it too, but has more to do then."""
        self._counters.write()
        self._active.write()
        self.policy.write()

    def snapshot(self) -> bytes:
        """The shard's state as versioned bytes, but for what is on the shelf."""
        state = _State(
            self.slates,
            self.seq,
            self.clock_ms,
            {user_id: msgspec.Raw(body) for user_id, body in self._counters.pack().items()},
            self._gone,
            self._active.pack(),
            [step for step in self._steps if isinstance(step, Step)],
            [step for step in self._steps if isinstance(step, tuple)],
            [place for place, step in enumerate(self._steps) if isinstance(step, tuple)],
            self.policy.snapshot(),
        )
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot, with the shelf as of it.

        The catalogue must be there before the first step.
        """
        state = _STATE.decode(unseal(_KIND, _VERSION, packed, "a shard of DECIDE", _OLDEST))
        self.slates, self.seq, self.clock_ms = state.slates, state.seq, state.clock_ms
        self._counters.restore({user_id: bytes(body) for user_id, body in state.counters.items()})
        self._gone = state.gone
        self._active.restore(state.active)
        held: list[Step | tuple[int, int, bool]] = list(state.steps)
        for place, end in zip(state.end_places, state.ends, strict=True):
            held.insert(place, end)
        self._steps = deque(held)
        self.names.seq = self.seq
        self.policy = PushPolicy(
            self.context.push, self.shard, self.names, self.context.shrink, self._shelves
        )
        self.policy.restore(state.policy)
        self._is_recalled = False


class _State(msgspec.Struct, array_like=True):
    """The stored layout of a shard."""

    slates: int
    seq: int
    clock_ms: int
    counters: dict[str, msgspec.Raw]
    gone: list[str]
    active: dict[str, Active]
    steps: list[Step]
    ends: list[tuple[int, int, bool]]
    end_places: list[int]
    policy: bytes


_STATE = msgspec.msgpack.Decoder(_State)
_json = msgspec.json.Encoder().encode


def _payload(push: PushDecision) -> bytes:
    """The stream entry's JSON."""
    return _json(
        {
            "push_id": push.push_id,
            "user_id": push.user_id,
            "room_id": push.room_id,
            "product_id": push.product_id,
            "trigger": push.trigger,
            "channel": push.channel,
            "not_before_ms": push.not_before_ms,
            "expires_at_ms": push.expires_at_ms,
            "score": push.score,
            "reasons": push.reasons,
            "title": push.title,
        }
    )
