from __future__ import annotations

import contextlib
import dataclasses
import socket
from pathlib import Path

import pytest

from flows import ports, processes
from flows.backtest import PolicyRun
from flows.failures import BadInput, ProcessFailed
from flows.ports import keep_addresses
from flows.settings import Settings
from flows.stop import Stop


def place(address: str) -> tuple[str, int]:
    host, _, port = address.partition(":")
    return host, int(port)


def test_two_runs_that_begin_at_once_get_ports_of_their_own():
    with contextlib.ExitStack() as one, contextlib.ExitStack() as other:
        first, second = keep_addresses(3, one), keep_addresses(3, other)
        assert len({*first, *second}) == 6
    with contextlib.ExitStack() as later:
        assert keep_addresses(3, later) == first, "they are given back"


def test_a_kept_port_is_there_for_who_listens_and_for_nobody_else():
    with contextlib.ExitStack() as kept:
        (address,) = keep_addresses(1, kept)
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(place(address))
        # As the engine's processes do, and servers in general.
        with socket.create_server(place(address)) as listening, socket.socket() as client:
            client.connect(place(address))
            listening.accept()[0].close()


def test_where_no_port_is_free_it_is_said(monkeypatch: pytest.MonkeyPatch):
    with contextlib.ExitStack() as kept:
        monkeypatch.setattr(ports, "_PORTS", range(31_990, 31_991))
        with pytest.raises(BadInput, match="no 2 free ports"):
            keep_addresses(2, kept)


def test_a_port_that_another_program_took_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"")
    with contextlib.ExitStack() as kept:
        addresses = keep_addresses(2, kept)
        kept.enter_context(socket.create_server(place(addresses[1])))
        monkeypatch.setattr(processes, "keep_addresses", lambda count, stack: addresses)
        job = PolicyRun((str(log),), str(tmp_path), 2, Settings())
        with pytest.raises(ProcessFailed, match=r"process 1 found its port taken .* start again"):
            processes.supervise(
                job, lambda share, events: None, Stop(), worker="flows.commands.backtest_worker"
            )


@dataclasses.dataclass
class Ended:
    """A process as `_raise` looks at it."""

    number: int
    returncode: int
    told: str
    is_victim: bool = False
    bad: str = ""
    log: None = None

    @property
    def process(self) -> Ended:
        return self

    def hear(self) -> None: ...

    def trace(self) -> str:
        return self.told

    def fate(self) -> str:
        return f"process {self.number}"


@pytest.mark.parametrize(
    "dead",
    [
        [Ended(0, 1, "Traceback", is_victim=True), Ended(1, -9, "")],
        [Ended(0, 1, ""), Ended(1, -9, "")],
        [Ended(0, -9, ""), Ended(1, 1, "Traceback")],
        [Ended(0, 1, ""), Ended(1, 1, "Traceback")],
    ],
)
def test_the_process_that_is_named_is_the_one_that_others_died_of(dead: list[Ended]):
    with pytest.raises(ProcessFailed, match="process 1"):
        processes._raise(dead)  # type: ignore[arg-type]
