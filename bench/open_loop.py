"""Sends events to Kafka when they are due, whatever becomes of them: an open loop.

`python -m bench.open_loop BROKERS USERS RATE SECONDS PROBES PAST_S ACTIVE`: a rate of 0 sends the
catalogue, a click of each user, and SECONDS thousand events of the first ACTIVE users, all of them
if that is 0, as fast as it can, as of now or, with PAST_S, spread evenly over that past. Prints as
JSON how many were sent, how long it took and how late the sending itself was.
"""

from __future__ import annotations

import json
import sys
import time

from confluent_kafka import Producer

from bench.live_traffic import Row, acts, catalogue, first_clicks, line, probe

_NAP_S = 0.0005


class Sender:
    """Sends rows, each with an id of its own, by a client as it is when nobody sets anything.

    It waits 5 ms for more to send: without, nearly every event is a request of its own, and what
    is measured is a broker that is busy answering them.
    """

    def __init__(self, brokers: str) -> None:
        self.sent = 0
        self._run = f"{time.time_ns():x}"
        self._producer = Producer(
            {"bootstrap.servers": brokers, "queue.buffering.max.messages": 1 << 20}
        )

    def send(self, row: Row, at_ms: int) -> None:
        """Send one, at an event time."""
        topic, key, event = row
        self.sent += 1
        body = line(event, f"{self._run}-{self.sent}", at_ms)
        while True:
            try:
                self._producer.produce(topic, body, key, timestamp=at_ms)
                return
            except BufferError:
                self._producer.poll(0.01)

    def poll(self) -> None:
        """Let the client work."""
        self._producer.poll(0)

    def flush(self) -> None:
        """Return once all is sent."""
        self._producer.flush()


def fill(sender: Sender, users: int, active: int, events: int, past_ms: int) -> None:
    """What a run begins with: a past, ending now, sent at once."""
    began_ms = time.time_ns() // 1_000_000 - past_ms
    for row in (*catalogue(), *first_clicks(users)):
        sender.send(row, began_ms)
    rows = acts(1, max(1, active or users))
    for number in range(events):
        sender.send(next(rows), began_ms + past_ms * number // events)
    sender.flush()


def keep_on(sender: Sender, users: int, rate: int, seconds: float, probes: int) -> list[float]:
    """Send at a rate; by how many seconds each probe was sent late."""
    rows = acts(2, users)
    every = max(1, rate // probes)
    begin_s = time.time()
    count, total, late = 0, round(rate * seconds), []
    while count < total:
        due = min(total, int((time.time() - begin_s) * rate))
        if due <= count:
            sender.poll()
            time.sleep(_NAP_S)
            continue
        for number in range(count, due):
            due_s = begin_s + number / rate
            if number % every == 0:
                sender.send(probe(round(due_s * 1e6)), round(due_s * 1000))
                late.append(time.time() - due_s)
            else:
                sender.send(next(rows), round(due_s * 1000))
        count = due
    sender.flush()
    return late


def main(
    brokers: str, users: int, rate: int, seconds: int, probes: int, past_s: int, active: int
) -> int:
    """Send, and say how it went."""
    sender, began_s = Sender(brokers), time.monotonic()
    late: list[float] = []
    if rate:
        late = sorted(keep_on(sender, users, rate, seconds, probes))
    else:
        fill(sender, users, active, seconds * 1000, past_s * 1000)
    said = {"sent": sender.sent, "seconds": time.monotonic() - began_s}
    if late:
        said["late_p99_s"] = late[len(late) * 99 // 100]
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    brokers, *numbers = sys.argv[1:]
    raise SystemExit(main(brokers, *(int(number) for number in numbers)))
