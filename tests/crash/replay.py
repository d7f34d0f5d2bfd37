"""Kills a replay with a recovery folder at random moments, each time with other processes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from sinks.embedded import EmbeddedRedis
from tests.crash.command import Command
from tests.crash.held import differing, held
from tests.crash.live import Kill, Result

_PROCESSES = (1, 2, 3)
_END_S_MAX = 600.0
_SETTINGS = """
[flow]
shards = 8
epoch_s = 0.3
chunk_rows = 512
"""
_FILES = ("decisions.jsonl", "dead_letters.jsonl")


def replay_matrix(
    folder: Path, seed: int, kills: int, say: Callable[[str], None], events: int = 200_000
) -> Result:
    """Kill a replay so often, let it end, and compare all that it leaves."""
    dice, result = random.Random(seed), Result("replay", events=events)
    log, settings = folder / "log.jsonl.zst", folder / "settings.toml"
    settings.write_text(_SETTINGS, "utf-8")
    words = folder / "replay.log"
    made = ("simulate", "--out", str(log), "--events", str(events), "--seed", str(seed))
    with Command(words, *made) as simulate:
        assert simulate.wait(_END_S_MAX) == 0

    def replay(name: str, url: str, processes: int) -> Command:
        args = ["replay", str(log), "--out", str(folder / name), "--redis", url]
        args += ["--recovery", str(folder / f"{name}-state"), "--settings", str(settings)]
        return Command(words, *args, "--processes", str(processes))

    with EmbeddedRedis(folder / "redis-1") as url, replay("straight", url, 1) as run:
        assert run.wait(_END_S_MAX) == 0
        straight = held(url, "ll:")
    with EmbeddedRedis(folder / "redis-2") as url:
        processes = 0
        while True:
            processes = dice.choice([n for n in _PROCESSES if n != processes])
            with replay("killed", url, processes) as run:
                after_s = dice.uniform(0.5, 4.0)
                if len(result.kills) < kills:
                    if run.wait(after_s) is not None:
                        break
                    one = dice.random() < 0.5 and run.kill_worker(dice.randrange(processes))
                    if one:
                        # A replay is not begun again by itself: all end, and it says so.
                        assert run.wait(_END_S_MAX) == 1
                    else:
                        run.kill_all()
                    way = "one process" if one else "all at once"
                    result.kills.append(Kill(processes, way, after_s))
                    say(f"replay: {processes} processes, {way}, {after_s:.1f} s")
                    continue
                assert run.wait(_END_S_MAX) == 0
                break
            time.sleep(0.1)
        killed = held(url, "ll:")
    result.pushes = len(straight.pushes)
    result.examples = sum(straight.examples.values())
    for name in _FILES:
        one, other = ((folder / out / name).read_bytes() for out in ("straight", "killed"))
        result.wrong[name] = [] if one == other else ["not the same bytes"]
    result.wrong["values in Redis"] = differing(killed.values, straight.values)
    same = (killed.pushes, killed.others) == (straight.pushes, straight.others)
    result.wrong["pushes in Redis"] = [] if same else ["not the same"]
    return result
