"""What no sequence of events may break: promises to users, and one log, one outcome."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.push.decision import PushDecision
from decisions.push.facts import RoomInfo
from decisions.push.policy import PushPolicy
from decisions.push.quiet import is_quiet
from decisions.push.settings import DAY_MS, HOUR_MS, MINUTE_MS, PushSettings
from events import kinds

# The evening before the clocks change in New York.
START_MS = 1_772_924_400_000
USERS = ("u0", "u1", "u2", "u3")
ZONES = {"u0": "America/New_York", "u1": "Asia/Shanghai", "u2": "Europe/London", "u3": "Nowhere"}
ROOMS, HOSTS, PRODUCTS, TAGS = ("r0", "r1", "r2", "r3"), ("h0", "h1"), ("p0", "p1"), ("t0", "t1")
SETTINGS = PushSettings(
    day_max=4,
    host_live_day_max=3,
    cart_soon_day_max=3,
    cart_on_air_day_max=3,
    same_broadcast_ms=HOUR_MS,
    last_max=4,
)

Step = tuple[int, str, tuple[Any, ...]]


PAUSES_MS = {
    "busy": ((0, 4), (MINUTE_MS, 4), (11 * MINUTE_MS, 6), (40 * MINUTE_MS, 2), (5 * HOUR_MS, 0.3)),
    "slow": ((0, 2), (7 * MINUTE_MS, 2), (HOUR_MS, 6), (5 * HOUR_MS, 4), (DAY_MS, 0.5)),
    "long": ((0, 2), (HOUR_MS, 4), (DAY_MS, 3), (9 * DAY_MS, 1), (31 * DAY_MS, 0.3)),
}
WEIGHTS = {
    **{"room": 60, "air": 40, kinds.Follow: 8, kinds.CartAdd: 8, kinds.Reserve: 20},
    **{kinds.Unfollow: 1, kinds.Mute: 1, kinds.Unmute: 1, kinds.Enter: 4, kinds.Dwell: 4},
    **{kinds.User: 4, kinds.PushDismiss: 2, kinds.PushOpen: 2, kinds.PushDisable: 0.5},
    kinds.Erase: 0.5,
}
LOGS = st.tuples(st.integers(0, 1 << 32), st.sampled_from(sorted(PAUSES_MS)))
"""A seed and a pace: long logs that hit the caps, which drawing step by step seldom does."""


def fields_of(dice: random.Random, kind: Any) -> dict[str, Any]:
    if kind in (kinds.Follow, kinds.Unfollow):
        return {"host_id": dice.choice(HOSTS)}
    if kind in (kinds.Mute, kinds.Unmute):
        return dice.choice(({"host_id": dice.choice(HOSTS)}, {"tag": dice.choice(TAGS)}))
    if kind is kinds.CartAdd:
        return {"product_id": dice.choice(PRODUCTS)}
    if kind in (kinds.Reserve, kinds.Enter):
        return {"room_id": dice.choice(ROOMS)}
    if kind is kinds.Dwell:
        return {"room_id": dice.choice(ROOMS), "dwell_ms": 9, "left": dice.random() < 0.5}
    if kind is kinds.User:
        return {
            "consent": kinds.Consent(push=dice.choice((True, True, True, False, None))),
            "quiet_hours": dice.choice((None, None, ("23:30", "02:30"), ("12:00", "20:00"))),
        }
    return {"push_id": "x"} if kind in (kinds.PushDismiss, kinds.PushOpen) else {}


def timed(seed_and_pace: tuple[int, str]) -> list[Step]:
    """The log of a seed: users' rows and catalogue facts, each at the clock of its row."""
    dice = random.Random(seed_and_pace[0])
    pauses = PAUSES_MS[seed_and_pace[1]]
    now_ms, log = START_MS, preface()
    for _ in range(dice.choice((20, 120))):
        now_ms += dice.choices([ms for ms, _ in pauses], [share for _, share in pauses])[0]
        what = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what == "room":
            details: tuple[Any, ...] = (
                dice.choice(ROOMS),
                dice.choice(HOSTS),
                dice.choice(("scheduled", "live", "live", "ended")),
                dice.choice((0, 0, 20, 60, 130, 200, 1450, 1900, -90)) * MINUTE_MS,
                tuple(dice.sample(PRODUCTS, dice.randrange(3))),
                tuple(dice.sample(TAGS, dice.randrange(2))),
            )
        elif what == "air":
            details = (dice.choice(ROOMS), dice.choice((None, *PRODUCTS)))
        else:
            details = (dice.choice(USERS), what, fields_of(dice, what))
        log.append((now_ms, what if isinstance(what, str) else "user", details))
    return log


def preface() -> list[Step]:
    """Everyone agrees, follows all hosts and has something in the cart."""
    steps: list[Step] = []
    for user in USERS:
        consent = kinds.Consent(push=True)
        for kind, fields in (
            (kinds.User, {"consent": consent, "timezone": ZONES[user]}),
            *((kinds.Follow, {"host_id": host}) for host in HOSTS),
            (kinds.CartAdd, {"product_id": "p0"}),
        ):
            steps.append((START_MS, "user", (user, kind, fields)))
    return steps


def room_of(at_ms: int, details: tuple[Any, ...]) -> RoomInfo:
    room_id, host_id, status, ahead_ms, products, tags = details
    start_ms = at_ms - at_ms % (10 * MINUTE_MS) + ahead_ms
    title = " ".join((host_id, *tags))
    return RoomInfo(room_id, host_id, title, status, start_ms, tags, products)


def event_of(number: int, at_ms: int, details: tuple[Any, ...]) -> Any:
    user, kind, fields = details
    return kind(event_id=f"e{number}", event_time_ms=at_ms, user_id=user, **fields)


class Run:
    """A log through one policy or several, with what it decided."""

    def __init__(self, shards: int = 1, spares_calls: bool = False) -> None:
        self.spares_calls = spares_calls
        self.policies = [PushPolicy(SETTINGS, shard) for shard in range(shards)]
        self.rooms: dict[str, RoomInfo] = {}
        self.decisions: list[PushDecision] = []
        self.rows_before: dict[int, int] = {}

    def take(self, number: int, step: Step) -> None:
        before = len(self.decisions)
        self._take(number, step)
        # What is due fires before its row, and a catalogue fact changes no user's wishes.
        self.rows_before |= {id(d): number for d in self.decisions[before:]}

    def _take(self, number: int, step: Step) -> None:
        at_ms, what, details = step
        if what == "user":
            policy = self.policies[USERS.index(details[0]) % len(self.policies)]
            self.decisions += policy.apply(event_of(number, at_ms, details), at_ms, details[0])
            return
        for policy in self.policies:
            if what == "room":
                room = room_of(at_ms, details)
                old = self.rooms.get(room.room_id)
                self.decisions += policy.room_changed(old, room, at_ms)
            elif not (self.spares_calls and not policy.has_in_cart(details[1])):
                self.decisions += policy.on_air(*details, at_ms)
        if what == "room":
            self.rooms[room.room_id] = room

    def finish(self, at_ms: int) -> None:
        for policy in self.policies:
            self.decisions += policy.advance(at_ms)

    def by_user(self) -> dict[str, list[PushDecision]]:
        out: dict[str, list[PushDecision]] = defaultdict(list)
        for decision in self.decisions:
            out[decision.user_id].append(decision)
        return out

    def values(self) -> dict[str, Any]:
        return {u: self.policies[USERS.index(u) % len(self.policies)].value(u) for u in USERS}


def run(steps: list[Step], shards: int = 1, spares_calls: bool = False) -> Run:
    made = Run(shards, spares_calls)
    for number, step in enumerate(steps):
        made.take(number, step)
    before = len(made.decisions)
    made.finish(steps[-1][0] + 2 * DAY_MS)
    made.rows_before |= {id(d): len(steps) for d in made.decisions[before:]}
    return made


def wishes(rows: list[Step], user: str) -> dict[str, Any]:
    """What a user said in the rows, folded naively from the beginning, to judge decisions by."""
    nothing = {"push": None, "out": False, "quiet": None, "zone": None, "muted": frozenset()}
    said: dict[str, Any] = dict(nothing)
    for _, what, details in rows:
        if what != "user" or details[0] != user:
            continue
        _, kind, fields = details
        if kind is kinds.Erase:
            said = dict(nothing)
        elif kind is kinds.PushDisable:
            said["out"] = True
        elif kind is kinds.Mute:
            said["muted"] |= set(fields.values())
        elif kind is kinds.Unmute:
            said["muted"] -= set(fields.values())
        elif kind is kinds.User:
            push = fields["consent"].push
            if push is not None:
                said["out"] = said["out"] and not (push and said["push"] is False)
                said["push"] = push
            said["quiet"] = fields.get("quiet_hours") or said["quiet"]
            said["zone"] = fields.get("timezone") or said["zone"]
    return said


def minutes(window: tuple[str, str] | None) -> tuple[int, int]:
    begin, end = window or ("22:00", "08:00")
    return tuple(int(t[:2]) * 60 + int(t[3:]) for t in (begin, end))  # type: ignore[return-value]


@settings(max_examples=120, deadline=None)
@given(LOGS)
def test_promises_to_users_hold(seed):
    log = timed(seed)
    made = run(log)
    ids = [d.push_id for d in made.decisions if d.sent]
    erased = [step for step in log if step[1] == "user" and step[2][1] is kinds.Erase]
    forgotten = {step[2][0] for step in erased}
    for user, decisions in made.by_user().items():
        assert [d.at_ms for d in decisions] == sorted(d.at_ms for d in decisions)
        sent = [d for d in decisions if d.sent]
        for d in sent:
            said = wishes(log[: made.rows_before[id(d)]], user)
            zone = "Asia/Shanghai" if said["zone"] in (None, "Nowhere") else said["zone"]
            assert said["push"] is True
            assert not said["out"]
            assert not said["muted"] & set(d.title.split())
            assert not is_quiet(zone, minutes(said["quiet"]), d.not_before_ms)
            assert d.at_ms <= d.not_before_ms < d.expires_at_ms
        if user in forgotten:
            continue
        assert len({d.push_id for d in sent}) == len(sent)
        for chosen, most, window_ms in (
            (sent, SETTINGS.hour_max, HOUR_MS),
            (sent, SETTINGS.day_max, DAY_MS),
            (sent, 1, SETTINGS.min_gap_ms),
            *(([d for d in sent if d.trigger == name], most, DAY_MS) for name, most in TRIGGER_MAX),
        ):
            arrivals = [d.not_before_ms for d in chosen]
            for begin in arrivals:
                assert sum(begin <= at < begin + window_ms for at in arrivals) <= most
    if not forgotten:
        assert len(set(ids)) == len(ids)
    counts = made.policies[0].counts
    assert counts["sent"] == len(ids)
    assert counts["refused"] == len(made.decisions) - len(ids) == sum(counts["refused_by"].values())
    assert counts["considered"] == len(made.decisions)


TRIGGER_MAX = (
    ("host_live", SETTINGS.host_live_day_max),
    ("cart_soon", SETTINGS.cart_soon_day_max),
    ("cart_on_air", SETTINGS.cart_on_air_day_max),
    ("reminder", SETTINGS.reminder_day_max),
)


@settings(max_examples=60, deadline=None)
@given(LOGS, st.lists(st.tuples(st.integers(0, 140), st.floats(0, 1)), max_size=20))
def test_calls_of_advance_in_between_and_other_users_change_nothing(seed, ticks):
    log = timed(seed)
    plain = run(log)
    ticked = Run()
    for number, step in enumerate(log):
        ticked.take(number, step)
        end_ms = log[number + 1][0] if number + 1 < len(log) else step[0]
        for place, share in ticks:
            if place == number:
                ticked.finish(step[0] + int((end_ms - step[0]) * share))
    ticked.finish(log[-1][0] + 2 * DAY_MS)
    assert ticked.decisions == plain.decisions
    assert ticked.values() == plain.values()
    for shards in (2, 3):
        split = run(log, shards, spares_calls=True)
        assert split.by_user() == plain.by_user()
        assert split.values() == plain.values()


@settings(max_examples=80, deadline=None)
@given(LOGS, st.data())
def test_a_restored_policy_goes_on_as_if_nothing_had_happened(seed, data):
    log = timed(seed)
    plain = run(log)
    cut = data.draw(st.integers(0, len(log)))
    broken = Run()
    for number, step in enumerate(log):
        if number == cut:
            restart(broken)
        broken.take(number, step)
    if cut == len(log):
        restart(broken)
    broken.finish(log[-1][0] + 2 * DAY_MS)
    assert broken.decisions == plain.decisions
    assert broken.values() == plain.values()
    assert broken.policies[0].counts == plain.policies[0].counts
    assert broken.policies[0].snapshot() == plain.policies[0].snapshot()


def restart(broken: Run) -> None:
    fresh = PushPolicy(SETTINGS, 0)
    fresh.restore(broken.policies[0].snapshot())
    for room in broken.rooms.values():
        fresh.recall(room)
    assert fresh.snapshot() == broken.policies[0].snapshot()
    broken.policies[0] = fresh


@settings(max_examples=40, deadline=None)
@given(LOGS)
def test_the_value_is_the_last_decisions_under_a_version_that_only_grows(seed):
    log = timed(seed)
    made = Run()
    versions: dict[str, int] = {}
    seen: dict[str, int] = defaultdict(int)
    for number, step in enumerate(log):
        made.take(number, step)
        erased = step[1] == "user" and step[2][1] is kinds.Erase
        if erased:
            versions.pop(step[2][0], None)
            made.decisions = [d for d in made.decisions if d.user_id != step[2][0]]
            seen[step[2][0]] = 0
        for user, value in made.values().items():
            if value is None:
                continue
            version, body = value
            mine = [d for d in made.decisions if d.user_id == user]
            assert version >= versions.get(user, 0)
            assert (version > versions.get(user, 0)) or len(mine) == seen[user]
            versions[user], seen[user] = version, len(mine)
            told = json.loads(body)
            assert list(told)[:3] == ["v", "version", "as_of_ms"]
            assert body.index(b'"decisions"') <= 60
            assert (told["v"], told["version"], told["as_of_ms"]) == (1, version, mine[-1].at_ms)
            shown = [(t["push_id"], t["sent"], t.get("reason")) for t in told["decisions"]]
            last = [(d.push_id, d.sent, d.reason) for d in mine[::-1]]
            assert shown == last[: len(shown)]
            assert len(shown) <= SETTINGS.last_max


@settings(max_examples=80, deadline=None)
@given(LOGS, st.integers(0, 3), st.integers(1, 7))
def test_users_who_rest_as_bytes_are_decided_alike(seed, hot_users_max, every):
    log = timed(seed)
    plain, cooled = run(log), Run()
    cooled.policies = [PushPolicy(dataclasses.replace(SETTINGS, hot_users_max=hot_users_max), 0)]
    for number, step in enumerate(log):
        cooled.take(number, step)
        if number % every == 0:
            cooled.policies[0].cool()
    cooled.finish(log[-1][0] + 2 * DAY_MS)
    assert cooled.decisions == plain.decisions
    assert cooled.values() == plain.values()
    assert cooled.policies[0].dropped == plain.policies[0].dropped
    assert cooled.policies[0].snapshot() == plain.policies[0].snapshot()
