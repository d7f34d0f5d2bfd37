"""Resident memory of a live run under steady traffic, and a plot of it.

The flow runs as `liveloom run --recovery` starts it, from a real broker into a real Redis. What is
looked at is its worker, which holds the state; once warm it should stay as it is.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from bench.live_run import Flow, broker, running, send
from bench.measure import Spread
from bench.plot import write_lines
from bench.report import Row
from evaluation.svg import Series

SECTION = "Soak"
PLOT = "soak.svg"
_COMMAND = "python -m bench --only soak"
_EVERY_S = 2.0
_NEW_PER_S = 1
"""Users who come anew; the others are known, and few, so that what is held of them is soon full."""
_PAST_HOURS, _PAST_ACTS = 24, 1_500
"""What each user has behind them, so that windows and all that is held of people are full: else
what is measured is how users become known."""
_WARM_SHARE = 0.3
_END_SHARE = 0.2
_FLAT = 1.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """Resident MB (10^6 bytes) so many seconds after traffic began."""

    at_s: float
    mb: float


def workers_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_mb(pid: int) -> float:
    """What of a process is in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


class Sampler:
    """Looks at the workers of a process, again and again."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.samples: list[Sample] = []
        self._thread.start()

    def _run(self) -> None:
        began_s = time.monotonic()
        workers = workers_of(self._pid)
        while not self._ending.wait(_EVERY_S):
            mb = sum(resident_mb(pid) for pid in workers)
            self.samples.append(Sample(time.monotonic() - began_s, mb))

    def end(self) -> list[Sample]:
        """What was seen."""
        self._ending.set()
        self._thread.join()
        return self.samples


def growth(samples: list[Sample]) -> Spread:
    """The mean of the last fifth over that of the first fifth after warm-up.

    `low` and `high` are the least and the greatest single sample after warm-up, over the same.
    """
    warm = samples[int(len(samples) * _WARM_SHARE) :]
    few = max(1, int(len(warm) * _END_SHARE))
    begin = statistics.fmean(sample.mb for sample in warm[:few])
    end = statistics.fmean(sample.mb for sample in warm[-few:])
    values = [sample.mb / begin for sample in warm]
    return Spread(end / begin, min(values), max(values), len(values))


def soak_rows(url: str, folder: Path, out: Path, users: int, rate: int, seconds: int) -> list[Row]:
    """Run under traffic of so many users, and draw what was seen into `out`."""
    redis.Redis.from_url(url).flushall()
    log = folder / "flow.log"
    with broker() as brokers:
        past = users * _PAST_ACTS // 1000
        filled = send(brokers, users, 0, past, past_s=_PAST_HOURS * 3600)["sent"]
        command = ("flows.cli", "run", "--kafka", brokers, "--redis", url)
        with running(*command, "--recovery", str(folder / "state"), told=log) as process:
            flow = Flow(url, process, log)
            flow.until(filled)
            sampler = Sampler(process.pid)
            try:
                sent = send(brokers, users, rate, seconds, _NEW_PER_S)["sent"]
            finally:
                samples = sampler.end()
            flow.until(filled + sent)
    draw(out / PLOT, samples)
    found = growth(samples)
    last = samples[-1].mb
    note = (
        f"{sent:,} events at {rate:,} events/s of {users:,} users, {seconds} s, after a backlog of "
        f"{_PAST_ACTS:,} events each over {_PAST_HOURS} h, one process with "
        f"recovery; the last fifth over the first after {_WARM_SHARE:.0%} of warm-up; the range "
        "is that of single samples"
    )
    what = "resident memory, growth once warm"
    return [
        Row(SECTION, what, "times", found, _COMMAND, at_most=_FLAT, note=note),
        Row(SECTION, "resident memory at the end", "MB", Spread(last, last, last, 1), _COMMAND),
    ]


def draw(path: Path, samples: list[Sample]) -> None:
    """The samples over minutes, and 5 % above and below their median once warm."""
    warm = [sample.mb for sample in samples[int(len(samples) * _WARM_SHARE) :]]
    middle, end_s = statistics.median(warm), samples[-1].at_s
    begin_s = end_s * _WARM_SHARE
    series = [
        Series("resident MB", [(sample.at_s, sample.mb) for sample in samples], 0),
        *(
            Series(name, [(begin_s, share * middle), (end_s, share * middle)], 1)
            for name, share in (("5 % above", 1.05), ("5 % below", 0.95))
        ),
    ]
    label = "Resident memory of the worker (MB) over the minutes of a soak"
    write_lines(path, series, label, lambda at_s: f"{at_s / 60:.1f} min")
