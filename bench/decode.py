"""How fast a log's lines become objects, and nothing else: by the product, msgspec or orjson.

`python -m bench.decode LOG --by product` prints one JSON object. `product` is the product's own
decoder with its checks of values, `struct` a bare msgspec decoder of the same union of kinds,
`orjson` makes dicts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson

BYTES_PER_READ = 1 << 18

CountBad = Callable[[list[bytes]], int]
"""Decodes rows, drops the objects, and returns how many rows were bad."""


def _product() -> CountBad:
    from events.decode import Decoder
    from events.letters import DeadLetter

    decode_all = Decoder().decode_all
    return lambda rows: sum(type(row) is DeadLetter for row in decode_all(rows))


def _one_by_one(decode: Callable[[bytes], Any]) -> CountBad:
    def count_bad(rows: list[bytes]) -> int:
        bad = 0
        for row in rows:
            try:
                decode(row)
            except ValueError:  # orjson's and msgspec's errors are both ValueErrors
                bad += 1
        return bad

    return count_bad


def _struct() -> CountBad:
    from events.kinds import Event

    return _one_by_one(msgspec.json.Decoder(Event).decode)


def _orjson() -> CountBad:
    return _one_by_one(orjson.loads)


DECODERS: dict[str, Callable[[], CountBad]] = {
    "product": _product,
    "struct": _struct,
    "orjson": _orjson,
}


def decode_log(log: Path, by: str) -> dict[str, Any]:
    """Decode every line of a log, dropping each object soon; bad lines are counted."""
    count_bad = DECODERS[by]()
    events = bad = 0
    started = time.perf_counter()
    with log.open("rb") as file:
        while rows := file.readlines(BYTES_PER_READ):
            bad += count_bad(rows)
            events += len(rows)
    seconds = time.perf_counter() - started
    return {
        "by": by,
        "events": events,
        "bad": bad,
        "seconds": seconds,
        "events_per_second": events / seconds,
    }


def main(argv: list[str] | None = None) -> int:
    """Run on the log named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.decode", description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--by", choices=sorted(DECODERS), default="product")
    args = parser.parse_args(argv)
    print(json.dumps(decode_log(args.log, args.by)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
