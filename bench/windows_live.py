"""The product over the windows' traffic, as one process of it runs live.

`python -m bench.windows_live BROKER PREFIX EVENTS REDIS HOW`: HOW is `all` for the flow as
`liveloom run` starts it, or `windows` for its graph with the windows alone
(`bench.windows_shard`). Prints one JSON object. Two settings are not the defaults, for
here traffic of hours is thin and is worked off at once: partitions may run further apart, and
rounds are as large as a replay's.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
import time

import redis

from bench.measure import RunError
from bench.windows_shard import WINDOWS
from bench.windows_traffic import PRODUCTS
from flows.brokers import list_parts
from flows.kafka_client import client_settings
from flows.live import Live, run_process
from flows.live_runtime import wall_ms
from flows.live_shape import LIVE
from flows.settings import Settings
from flows.stop import Stop
from sinks.reader import Reader

_AHEAD_MS = 3_600_000
_LOOK_S = 0.2
_RUN_S_MAX = 1_200.0


def _stop_after(count: int, url: str, stop: Stop) -> None:
    """Ask for a stop once so many events have been read; what was read is worked off then."""
    with redis.Redis.from_url(url) as client:
        reader = Reader(client, Settings().redis.prefix, wall_ms)
        end_s = time.monotonic() + _RUN_S_MAX
        while time.monotonic() < end_s and int(reader.health().get("events", 0)) < count:
            time.sleep(_LOOK_S)
    stop.asked = True


def main(brokers: str, prefix: str, count: str, url: str, how: str) -> int:
    """Measure one process from its first round to its last reply."""
    usual = Settings()
    kafka = dataclasses.replace(
        usual.kafka,
        topic_prefix=prefix,
        group=f"{prefix}{how}",
        ahead_ms=_AHEAD_MS,
        chunk_rows=usual.flow.chunk_rows,
    )
    settings = dataclasses.replace(usual, kafka=kafka)
    stop, wanted = Stop(), int(count) + PRODUCTS
    parts = tuple(list_parts(client_settings(brokers, None), kafka, stop))
    live = Live(brokers, None, parts, url, None, None, 1, settings)
    began_s = time.process_time()
    watch = threading.Thread(target=_stop_after, args=(wanted, url, stop), daemon=True)
    watch.start()
    run_process(live, 0, None, stop, form=WINDOWS if how == "windows" else LIVE)
    cpu_s = time.process_time() - began_s
    with redis.Redis.from_url(url) as client:
        taken = int(Reader(client, usual.redis.prefix, wall_ms).health().get("events", 0))
    if taken != wanted:
        raise RunError(f"liveloom read {taken:,} of {wanted:,} events")
    print(json.dumps({"cpu_s": cpu_s}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
