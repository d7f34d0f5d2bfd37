"""What no sequence of events may break: promises to users, and one log, one outcome."""

from __future__ import annotations

import json
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
    day_max=4, host_live_day_max=3, cart_soon_day_max=3, cart_on_air_day_max=3, carts_max=1
)

Step = tuple[int, str, tuple[Any, ...]]


def user_step(kind: type, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    made = st.fixed_dictionaries(fields)
    return st.tuples(st.just("user"), st.tuples(st.sampled_from(USERS), st.just(kind), made))


def one(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


FEW_MINUTES = st.integers(-20, 200).map(lambda n: n * 10 * MINUTE_MS)
ROOM_STEP = st.tuples(
    st.just("room"),
    st.tuples(
        one(ROOMS),
        one(HOSTS),
        st.sampled_from(("scheduled", "live", "live", "ended")),
        FEW_MINUTES,
        st.lists(one(PRODUCTS), unique=True, max_size=2).map(tuple),
        st.lists(one(TAGS), unique=True, max_size=1).map(tuple),
    ),
)
AIR_STEP = st.tuples(st.just("air"), st.tuples(one(ROOMS), st.one_of(st.none(), one(PRODUCTS))))
USER_STEP = st.one_of(
    user_step(kinds.Follow, host_id=one(HOSTS)),
    user_step(kinds.CartAdd, product_id=one(PRODUCTS)),
    user_step(kinds.Reserve, room_id=one(ROOMS)),
    user_step(kinds.Unfollow, host_id=one(HOSTS)),
    user_step(kinds.Mute, host_id=one(HOSTS)),
    user_step(kinds.Mute, tag=one(TAGS)),
    user_step(kinds.Unmute, host_id=one(HOSTS)),
    user_step(kinds.Enter, room_id=one(ROOMS)),
    user_step(kinds.Dwell, room_id=one(ROOMS), dwell_ms=st.just(9), left=st.booleans()),
    user_step(
        kinds.User,
        consent=st.sampled_from(
            [kinds.Consent(push=True)] * 4 + [kinds.Consent(push=False), kinds.Consent()]
        ),
        quiet_hours=st.sampled_from([None, None, ("23:30", "02:30"), ("12:00", "20:00")]),
    ),
    user_step(kinds.PushDismiss, push_id=st.just("x")),
    user_step(kinds.PushOpen, push_id=st.just("x")),
    user_step(kinds.PushDisable),
    user_step(kinds.Erase),
)
PAUSES = st.sampled_from(
    [0, 0, MINUTE_MS, MINUTE_MS, 7 * MINUTE_MS, 25 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS]
    + [DAY_MS, 9 * DAY_MS, 31 * DAY_MS]
)
WHAT = st.one_of(USER_STEP, ROOM_STEP, ROOM_STEP, AIR_STEP)
STEPS = st.lists(st.tuples(PAUSES, WHAT), min_size=20, max_size=80)


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


def timed(steps: list[Any]) -> list[Step]:
    now_ms, out = START_MS, preface()
    for pause, (what, details) in steps:
        now_ms += pause
        out.append((now_ms, what, details))
    return out


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

    def __init__(self, shards: int = 1) -> None:
        self.policies = [PushPolicy(SETTINGS, shard) for shard in range(shards)]
        self.rooms: dict[str, RoomInfo] = {}
        self.decisions: list[PushDecision] = []

    def take(self, number: int, step: Step) -> None:
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
            else:
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


def run(steps: list[Step], shards: int = 1) -> Run:
    made = Run(shards)
    for number, step in enumerate(steps):
        made.take(number, step)
    made.finish(steps[-1][0] + 2 * DAY_MS)
    return made


class Wishes:
    """A naive memory of what each user said and when, to judge decisions by."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps

    def at(self, user: str, at_ms: int, includes_now: bool) -> dict[str, Any]:
        """Folded from the beginning; of one instant either all or nothing is taken."""
        said: dict[str, Any] = {"push": None, "out": False, "quiet": None, "zone": None}
        said["muted"] = set()
        for when, what, details in self._steps:
            if when > at_ms or (when == at_ms and not includes_now):
                break
            if what != "user" or details[0] != user:
                continue
            _, kind, fields = details
            if kind is kinds.Erase:
                said |= {"push": None, "out": False, "quiet": None, "zone": None, "muted": set()}
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
@given(STEPS)
def test_promises_to_users_hold(steps):
    log = timed(steps)
    made = run(log)
    ids = [d.push_id for d in made.decisions if d.sent]
    erased = [step for step in log if step[1] == "user" and step[2][1] is kinds.Erase]
    forgotten = {step[2][0] for step in erased}
    for user, decisions in made.by_user().items():
        assert [d.at_ms for d in decisions] == sorted(d.at_ms for d in decisions)
        sent = [d for d in decisions if d.sent]
        for d in sent:
            # A user's row and a push of the same instant may come in either order.
            said = [Wishes(log).at(user, d.at_ms, now) for now in (False, True)]
            assert any(s["push"] is True and not s["out"] for s in said)
            assert any(not s["muted"] & set(d.title.split()) for s in said)
            assert any(
                not is_quiet(
                    "Asia/Shanghai" if s["zone"] in (None, "Nowhere") else s["zone"],
                    minutes(s["quiet"]),
                    d.not_before_ms,
                )
                for s in said
            )
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
@given(STEPS, st.lists(st.tuples(st.integers(0, 80), st.floats(0, 1)), max_size=20))
def test_calls_of_advance_in_between_and_other_users_change_nothing(steps, ticks):
    log = timed(steps)
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
        split = run(log, shards)
        assert split.by_user() == plain.by_user()
        assert split.values() == plain.values()


@settings(max_examples=80, deadline=None)
@given(STEPS, st.data())
def test_a_restored_policy_goes_on_as_if_nothing_had_happened(steps, data):
    log = timed(steps)
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
@given(STEPS)
def test_the_value_is_the_last_decisions_under_a_version_that_only_grows(steps):
    log = timed(steps)
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
