"""The processes of one run, begun and ended as a unit."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from flows.failures import BadInput, ProcessFailed
from flows.log_source import Told
from flows.ports import keep_addresses
from flows.stop import Asked

_POLL_S = 0.1
_END_S_MAX = 5.0
_GRACE_S = 2.0
_TRACE_LINES = 40
_PANIC = "pyo3_runtime.PanicException"
_PORT_TAKEN = "Address already in use"

T = TypeVar("T")


class Word(msgspec.Struct, omit_defaults=True):
    """What a process tells its parent, one JSON object a line on standard output."""

    share: float = 0.0
    events: int = 0
    bad: str = ""
    """Why what was given cannot be used."""


class Job(Protocol):
    """What is to be run, as a dataclass of plain values; it may hold a password."""

    @property
    def out(self) -> str:
        """The run's own folder."""

    @property
    def processes(self) -> int:
        """How many."""


def supervise(
    job: Job,
    told: Told,
    stop: Asked,
    lock: int | None = None,
    worker: str = "flows.commands.worker",
    logs: bool = True,
) -> None:
    """Run all processes of a job to their end, or until a stop is asked for.

    Each runs the module `worker`, reads the job from its standard input, and writes its errors to
    `process-I.log` in the job's folder, or without `logs` where this process does. It holds the
    recovery folder's `lock` too, and goes when this process goes, however that ends. If one dies,
    all are ended, and `ProcessFailed` or `BadInput` says why.
    """
    out = Path(job.out)
    with contextlib.ExitStack() as stack:
        addresses = keep_addresses(job.processes, stack)
        told_job = msgspec.json.encode(job) + b"\n"
        command = [sys.executable, "-m", worker]
        children = [
            _Child(out if logs else None, command, told_job, number, addresses, lock, stack)
            for number in range(len(addresses))
        ]
        with contextlib.closing(selectors.DefaultSelector()) as selector:
            for child in children:
                selector.register(child.words, selectors.EVENT_READ, child)
            _watch(children, selector, told, stop)


def _watch(
    children: Sequence[_Child], selector: selectors.BaseSelector, told: Told, stop: Asked
) -> None:
    passed_on = False
    while any(child.process.poll() is None for child in children):
        if stop.asked and not passed_on:
            passed_on = True
            for child in children:
                child.process.send_signal(signal.SIGTERM)
        for key, _ in selector.select(_POLL_S):
            speaker: _Child = key.data
            for word in speaker.hear():
                if word.events:
                    told(word.share, word.events)
            if speaker.silent:
                selector.unregister(speaker.words)
        dead = [child for child in children if child.process.poll()]
        if dead and passed_on and all(child.was_terminated for child in dead):
            # It had not come so far as to listen; nothing was begun without it.
            return
        if dead:
            _raise(_all_dead(children))
    dead = [child for child in children if child.process.returncode]
    if dead and not passed_on:
        _raise(dead)


def _all_dead(children: Sequence[_Child]) -> list[_Child]:
    """Those that have failed, once the others had time to die of it or to say what it was."""
    deadline_s = time.monotonic() + _GRACE_S
    while time.monotonic() < deadline_s and any(c.process.poll() is None for c in children):
        time.sleep(_POLL_S / 10)
    return [child for child in children if child.process.poll()]


def _raise(dead: Sequence[_Child]) -> None:
    """Say why, by the process that knows best: others may have died of its death."""
    for child in dead:
        child.hear()
    for child in dead:
        if child.bad:
            raise BadInput(child.bad)
    culprits = [child for child in dead if not child.is_victim] or list(dead)
    # One that can say no more than that it failed may have died of one that could not even do that.
    first = min(culprits, key=lambda c: ("Traceback" not in c.trace(), c.process.returncode >= 0))
    where = f"; see {first.log}" if first.log else ""
    raise ProcessFailed(first.fate() + where, first.trace())


class _Child:
    """One process, which has gone by the time the stack is unwound."""

    def __init__(
        self,
        out: Path | None,
        command: Sequence[str],
        job: bytes,
        number: int,
        addresses: Sequence[str],
        lock: int | None,
        stack: contextlib.ExitStack,
    ) -> None:
        self.number = number
        self.bad = ""
        self.silent = False
        self.log = None if out is None else out / f"process-{number}.log"
        self._heard = b""
        root = str(Path(__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        with contextlib.ExitStack() as until_begun:
            log = until_begun.enter_context(self.log.open("wb")) if self.log else None
            self.process = subprocess.Popen(
                [*command, str(number), *addresses],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=() if lock is None else (lock,),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        stack.callback(self._end)
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            # By a pipe, not by a file that a kill might leave: an address may hold a password.
            self.process.stdin.write(job)
            self.process.stdin.flush()
        assert self.process.stdout is not None
        self.words = self.process.stdout
        os.set_blocking(self.words.fileno(), False)

    def hear(self) -> list[Word]:
        """What it has said since last time."""
        try:
            data = os.read(self.words.fileno(), 1 << 16)
        except BlockingIOError:
            return []
        self.silent = not data
        *lines, self._heard = (self._heard + data).split(b"\n")
        words = [msgspec.json.decode(line, type=Word) for line in lines]
        self.bad = next((word.bad for word in words if word.bad), self.bad)
        return words

    @property
    def was_terminated(self) -> bool:
        """Whether SIGTERM ended it before it listened to signals."""
        return self.process.returncode == -signal.SIGTERM

    @property
    def is_victim(self) -> bool:
        """Whether it only says that the engine failed, as it does when another process has."""
        return _PANIC in self.trace()

    def fate(self) -> str:
        """How it ended."""
        code = self.process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            hint = " (is there memory enough?)" if name == "SIGKILL" else ""
            return f"process {self.number} was ended by {name}{hint}"
        if _PORT_TAKEN in self.trace():
            return f"process {self.number} found its port taken by another program: start again"
        return f"process {self.number} failed"

    def trace(self) -> str:
        """The end of its log, without the engine's own stack; empty where it has none."""
        if self.log is None:
            return ""
        text = self.log.read_text("utf-8", "replace")
        at = text.find("Traceback")
        lines = text[max(0, at) :].rstrip().splitlines()
        return "\n".join(lines[-_TRACE_LINES:])

    def _end(self) -> None:
        process = self.process
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            # Which tells it to go, even if it cannot take a signal.
            process.stdin.close()
        try:
            process.wait(_END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.words.close()
        if self.log is not None and process.returncode == 0:
            self.log.unlink(missing_ok=True)


def read_job(kind: type[T]) -> T:
    """What the parent wants done, the first line of standard input."""
    read: list[bytes] = []
    while not read or not read[-1].endswith(b"\n"):
        part = os.read(0, 1 << 16)
        if not part:
            # The parent has gone before it could say.
            os._exit(1)
        read.append(part)
    return msgspec.json.decode(b"".join(read), type=kind)


def leave_with_parent() -> None:
    """End this process at once when its standard input is closed: its parent has gone."""
    while True:
        if not os.read(0, 1):
            os._exit(1)
        time.sleep(_POLL_S)
