"""Jobs that know nothing of each other, several at a time, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from flows.log_source import Told
from flows.processes import Job, supervise
from flows.replay import Stopped
from flows.stop import Stop

J = TypeVar("J", bound=Job)


def run_side_by_side(
    jobs: Sequence[J],
    worker: str,
    at_once: int,
    told: Told,
    stop: Stop,
    finish: Callable[[J], None],
) -> None:
    """Run each job by the module `worker`, at most `at_once` at a time, then `finish` it.

    `told` hears the mean share done and the events of all. Raises what the first that fails
    raises, once the others have ended; `Stopped` where a stop was asked for.
    """
    heard = [(0.0, 0)] * len(jobs)

    def run(place: int, job: J) -> None:
        def hear(share: float, events: int) -> None:
            heard[place] = (share, events)
            told(sum(one for one, _ in heard) / len(heard), sum(count for _, count in heard))

        if stop.asked:
            raise Stopped
        Path(job.out).mkdir(parents=True, exist_ok=True)
        supervise(job, hear, stop, worker=worker)
        finish(job)

    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(run, place, job) for place, job in enumerate(jobs)]
        done, _ = wait(running, return_when=FIRST_EXCEPTION)
        failed = [one for one in running if one in done and one.exception()]
        if failed:
            stop.asked = True
    for one in failed or running:
        one.result()
