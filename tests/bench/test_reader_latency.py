from __future__ import annotations

from collections.abc import Callable

from bench.reader_latency import Waits, paced


class Clock:
    """Seconds that pass by being slept or worked through."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def work(self, seconds: float) -> Callable[[], None]:
        def call() -> None:
            self.now_s += seconds

        return call

    def sleep(self, seconds: float) -> None:
        # Who sleeps wakes up a little late.
        self.now_s += seconds + 0.0001


def measured(took_s: list[float]) -> list[float]:
    clock = Clock()
    left = [clock.work(seconds) for seconds in took_s]
    one = lambda: left.pop(0)()  # noqa: E731
    (waits,) = paced([one], 0.01, lambda: bool(left), clock, clock.sleep)
    return [round(ms, 3) for ms in waits.ms]


def test_calls_that_keep_up_are_measured_from_when_they_begin():
    assert measured([0.002] * 4) == [2.0] * 4


def test_a_stall_counts_for_every_call_that_would_have_met_it():
    # Due at 0, 10, 20, 30 and 40 ms: the first keeps three others waiting.
    assert measured([0.035, 0.001, 0.001, 0.001, 0.001]) == [1.0, 8.0, 17.0, 26.0, 35.0]


def test_calls_take_turns_and_quantiles_are_of_those_that_were_made():
    clock, made = Clock(), [0, 0]

    def call(number: int) -> Callable[[], None]:
        def one() -> None:
            made[number] += 1
            clock.now_s += 0.001

        return one

    paced([call(0), call(1)], 0.01, lambda: sum(made) < 7, clock, clock.sleep)
    assert made == [4, 3]
    waits = Waits(tuple(float(ms) for ms in range(100)))
    assert [waits.quantile(share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 99.0]
