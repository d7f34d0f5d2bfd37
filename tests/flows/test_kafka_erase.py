"""Over Kafka, whoever is erased is in no byte of any store, by neither id nor pseudonym."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from events import kinds
from events.pseudonyms import Pseudonyms
from flows.settings import Settings
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, Running, running, settings_for
from tests.stores import bytes_of_folder, bytes_of_redis
from tests.waiting import until

KEY = "00112233445566778899aabbccddeeff"
NAMES = Pseudonyms(KEY.encode())
USER, DEVICE, OTHER = "forget-me", "forget-me-too", "keep-me"
IDS = (USER.encode(), DEVICE.encode())
HIDDEN = (NAMES.user(USER).encode(), NAMES.person(f"device:{DEVICE}").encode().partition(b":")[2])
SOON_MS = 15 * 60_000


def settings() -> Settings:
    usual = settings_for("ll:", silent_s=0.3)
    people = dataclasses.replace(usual.people, shelved_hot_users_max=1)
    push = dataclasses.replace(
        usual.push, quiet_from="00:00", quiet_to="00:00", shelved_hot_users_max=1
    )
    return dataclasses.replace(usual, people=people, push=push)


def catalogue(tell: Recent) -> list[Any]:
    """Two live rooms, and one of which those who reserved it are to be reminded soon."""
    start_ms = tell.begin_ms + 5_000 + SOON_MS
    later = tell.room("r9", "tea", status="scheduled", start_time_ms=start_ms)
    return [tell.room("r1", "tea cups"), tell.room("r2", "pots"), later]


def deeds(tell: Recent, user: str, device: str) -> list[Any]:
    """What one does in an evening: something for every store."""
    consent = {"profiling": True, "push": True}
    made = [
        tell(kinds.User, 0, user, consent=consent),
        tell(kinds.Click, 0.5, device_id=device, room_id="r1"),
        tell(kinds.IdentityLink, 0.6, user, device_id=device),
        tell(kinds.Follow, 0.7, user, host_id="host-r1"),
        tell(kinds.CartAdd, 0.8, user, product_id="p1"),
        tell(kinds.Reserve, 0.9, user, room_id="r9"),
        tell(kinds.Comment, 0.9, user, room_id="r1", text=f"I am {user}"),
    ]
    for number in range(8):
        made += tell.shown(1 + number, user, f"q-{number}-{tell.told}", "r1 r2")
        made.append(tell(kinds.Click, 1.2 + number, user, room_id="r1"))
    return made


class Stores:
    """All that a run leaves behind in one folder and one Redis."""

    def __init__(self, folder: Path, broker: Broker, url: str) -> None:
        self.state, self.decisions = folder / "state", folder / "decisions"
        self._key_file = folder / "key"
        self._key_file.write_text(KEY + "\n")
        self._broker, self._url = broker, url
        self.redis: Any = redis.Redis.from_url(url)

    @contextmanager
    def run(self) -> Iterator[Running]:
        """A run that goes on with them."""
        decisions, key_file = str(self.decisions), str(self._key_file)
        args: tuple[Any, ...] = (self._broker, self._url, settings(), self.state, decisions)
        with running(*args, pseudonym_key_file=key_file) as made:
            yield made

    def bytes(self) -> dict[str, bytes]:
        """Every byte of each; no run uses them meanwhile."""
        return {
            "Redis": bytes_of_redis(self.redis),
            "decision log": bytes_of_folder(self.decisions),
            "engine's store": bytes_of_folder(self.state / "state"),
            "shelves": bytes_of_folder(self.state / "shelves"),
            "copy of what was delivered": bytes_of_folder(self.state / "delivered"),
        }

    def guards(self) -> set[bytes]:
        """The ids by which Redis knows pushes that would be sent twice."""
        found: set[bytes] = set()
        for key in self.redis.keys("*:ids"):
            found.update(self.redis.zrange(key, 0, -1))
        return found

    def have_settled(self) -> bool:
        """Whether the shelves of the first two runs have gone, and the third's are there."""
        return [path.name for path in (self.state / "shelves").glob("[0-9]*")] == ["3"]


def test_two_epochs_and_a_restart_later_nobody_finds_them(
    broker: Broker, redis_url: str, tmp_path: Path
):
    tell, stores = Recent(), Stores(tmp_path, broker, redis_url)
    events = catalogue(tell) + deeds(tell, USER, DEVICE) + deeds(tell, OTHER, "kept")
    broker.make_families()
    broker.send(events)
    broker.put("clicks", b'{"kind":"click","user_id":"%b"' % IDS[0], IDS[0], tell.begin_ms)
    broker.flush()
    with stores.run() as run:
        run.until(events=len(events), dead_letters=1, slates=2)
        until(lambda: len(stores.guards()) == 2)
    held = stores.bytes()
    assert [name for name, held_by in held.items() if HIDDEN[0] not in held_by] == []
    assert HIDDEN[1] in b"".join(held.values())
    broker.send([tell(kinds.Erase, 12, USER)])
    with stores.run() as run:
        run.until(events=len(events) + 1)
        # A guard outlasts its push by two epochs.
        until(lambda: len(stores.guards()) == 1)
    with stores.run() as run:
        run.until(events=len(events) + 1)
        until(stores.have_settled)
    (letter,) = broker.rows(broker.letters, 1)
    held = {**stores.bytes(), "dead letters": b"".join(letter)}
    for who in (*IDS, *HIDDEN):
        assert [name for name, held_by in held.items() if who in held_by] == []
    kept = NAMES.user(OTHER).encode()
    assert [name for name, held_by in held.items() if kept not in held_by] == ["dead letters"]
    # Topics are their owners', as docs/privacy.md says.
    sent = broker.rows("clicks", 19)
    assert USER.encode() in b"".join(value for _, value in sent)
