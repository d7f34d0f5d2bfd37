"""A live run with every optional part on says so in its lists, also once it has begun again."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from events import kinds
from tests.everything import EVERYTHING
from tests.flows.test_kafka_processes import Command
from tests.kafka.broker import Broker
from tests.kafka_line import Recent

_USERS, _ROOMS = 12, 6
_WORDS = {
    ("和你相近的人正在看", "liked by people like you"),
    ("与你兴趣相似的人也喜欢", "liked by people who like what you do"),
    ("与你近来喜欢的内容很合拍", "goes well with what you have liked of late"),
}


class Evening:
    """Users of two cities, each with a taste of its own, and how many events were sent."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._tell = Recent()
        self._rounds = count()
        self.sent = 0

    def _send(self, *events: object) -> None:
        self._broker.send(events)
        self.sent += len(events)

    def begin(self) -> None:
        """Rooms without tags, and lists of most of them, of which each user clicks some."""
        tell = self._tell
        self._send(*[tell.room(f"r{number}", host_id=f"h{number}") for number in range(_ROOMS)])
        self._send(tell.room("r6", host_id="h1"), self._from("from0", 0))
        self._send(*[self._from(f"u{number}", number) for number in range(_USERS)])
        # The first of its topic: a run begins again with topics that come later.
        self._send(tell(kinds.Search, 0, "u0", query="anything"))
        clicks: list[object] = []
        for number in range(200):
            at_s, user = 1 + number / 5, number % _USERS
            room_id = f"r{user % 2 + 2 * (number // _USERS % 3)}"
            clicks += tell.shown(at_s, f"u{user}", f"q{number}", "r0 r1 r2 r3 r4 r5")
            clicks.append(tell(kinds.Click, at_s + 0.05, f"u{user}", room_id=room_id))
        self._send(*clicks)

    def _from(self, user: str, number: int, at_s: float = 0) -> object:
        return self._tell(kinds.User, at_s, user, attributes={"city": f"c{number % 2}"})

    def words(self, run: Command) -> set[tuple[str, str]]:
        """What the first lists of three newcomers say.

        Of one the city alone is known; one clicks what others click, and one a room that nobody
        has clicked, of a host whose other room they click.
        """
        tell, number = self._tell, next(self._rounds)
        at_s = 60 + number / 2
        users = [f"{name}{number}" for name in ("from", "alike", "fan")]
        self._send(
            tell(kinds.Search, at_s, users[0], query="anything"),
            tell(kinds.Click, at_s, users[1], room_id="r1"),
            tell(kinds.Click, at_s, users[2], room_id="r6"),
            # In time for the next one, as records and searches lie in different topics.
            self._from(f"from{number + 1}", number + 1, at_s),
        )
        run.until_events(self.sent)
        run.until(lambda: all(view.items for view in run.reader.get_many(users)))
        items = [item for view in run.reader.get_many(users) for item in view.items]
        return {(reason.zh, reason.en) for item in items for reason in item.reasons}

    def until_all_is_said(self, run: Command) -> None:
        """Ask until tables are there: a list does not wait for them."""
        run.until(lambda: self.words(run) >= _WORDS)


def test_its_words_are_there_after_a_kill_and_after_a_signal(
    broker: Broker, redis_url: str, tmp_path: Path
):
    evening, one = Evening(broker), ("--recovery", str(tmp_path / "state"))
    two = (*one, "--processes", "2")
    evening.begin()
    with Command(broker, redis_url, "all:", tmp_path, *two, more=EVERYTHING) as run:
        run.until_events(evening.sent)
        evening.until_all_is_said(run)
        workers = run.workers(2)
        workers[1].kill()
        run.workers(2, besides={worker.pid for worker in workers})
        evening.until_all_is_said(run)
        code, said = run.end()
        assert code == 0, said
        assert "all begin again" in said
    with Command(broker, redis_url, "all:", tmp_path, *one, more=EVERYTHING) as run:
        evening.until_all_is_said(run)
        health = run.reader.health()
        assert health["events"] == evening.sent
        assert health["duplicates"] == health["lost_rows"] == 0
        assert health["neighbours"]["engagements"] > 0
        assert health["segments"]["rows"] > 0
        code, said = run.end()
        assert code == 0, said
        assert "Traceback" not in said
