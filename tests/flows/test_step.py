from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flows.step import Step


class Telling(Step):
    def take(self, values: list[Any]) -> Iterable[Any]:
        return values

    def resend(self) -> Iterable[Any]:
        return ["known before"]


def test_a_resumed_step_says_once_what_it_knew_before_anything_new():
    for first, second in (("notify", "batch"), ("batch", "notify")):
        step, said = Telling(resumed=True, recovers=True), []
        for call in (first, second):
            if call == "batch":
                said += step.on_batch(["new"])[0]
            elif step.notify_at() is not None:
                said += step.on_notify()[0]
        assert said == ["known before", "new"]
        assert step.notify_at() is None


def test_a_step_that_begins_has_nothing_to_say_again():
    step = Telling(resumed=False, recovers=True)
    assert step.notify_at() is None
    assert list(step.on_batch(["new"])[0]) == ["new"]
