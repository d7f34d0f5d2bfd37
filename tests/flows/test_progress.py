from __future__ import annotations

import io

import pytest

from flows import progress as module
from flows.progress import Progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_pipe_gets_a_line_every_ten_seconds(
    clock: list[float], capsys: pytest.CaptureFixture[str]
):
    with Progress("replaying", "events") as progress:
        for second in range(1, 26):
            clock[0] = 100.0 + second
            progress.told(second / 25, 1_000 * second)
    assert capsys.readouterr().err == (
        "replaying: 40%, 10,000 events, 1,000/s\nreplaying: 80%, 20,000 events, 1,000/s\n"
    )


def test_a_terminal_gets_a_bar(clock: list[float], monkeypatch: pytest.MonkeyPatch):
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module.sys, "stderr", screen)
    with Progress("replaying", "events") as progress:
        clock[0] += 1.0
        progress.told(0.25, 1_000)
        progress.rename("merging")
        clock[0] += 1.0
        progress.told(0.5, 2_000)
    for part in ("25 %", "50 %", "2,000 events", "replaying", "merging"):
        assert part in screen.getvalue()
