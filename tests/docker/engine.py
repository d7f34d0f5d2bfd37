"""A container engine: the one that runs here, else one that is started for the tests and ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_UP_S_MAX = 120.0
_END_S_MAX = 60.0
_COMMAND_S_MAX = 1_500.0
_POLL_S = 0.2


class Engine:
    """Runs the engine's own commands."""

    def __init__(self, host: str | None) -> None:
        self._environment = {**os.environ, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}
        if host is not None:
            self._environment["DOCKER_HOST"] = host

    def run(self, *command: str, stdin: bytes | None = None) -> str:
        """What a command prints; where it fails, the test fails with all that it said."""
        done = subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            timeout=_COMMAND_S_MAX,
        )
        said = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{said[-6000:]}"
        return said

    def docker(self, *args: str, stdin: bytes | None = None) -> str:
        """A `docker` command."""
        return self.run("docker", *args, stdin=stdin)

    def has_image(self, name: str) -> bool:
        """Whether an image is here already."""
        return bool(self.docker("images", "-q", name).strip())


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """The engine that answers here, else one of our own in a folder, gone with the block."""
    if _answers(None):
        yield Engine(None)
        return
    need(dockerd="docker.io", docker="docker.io")
    host = f"unix://{folder}/d.sock"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["dockerd", "--iptables=false", "--bridge=none", "--host", host]
    for name in ("data-root", "exec-root", "pidfile"):
        command += [f"--{name}", str(folder / name)]
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(host, process, folder / "dockerd.log")
        yield Engine(host)
    finally:
        process.terminate()
        try:
            process.wait(_END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _clear(folder)


def _answers(host: str | None) -> bool:
    if shutil.which("docker") is None:
        return False
    command = ["docker", *(["--host", host] if host else []), "version"]
    return subprocess.run(command, capture_output=True).returncode == 0


def _wait_for(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end_s = time.monotonic() + _UP_S_MAX
    while not _answers(host):
        alive = process.poll() is None and time.monotonic() < end_s
        assert alive, f"no container engine came up:\n{log.read_text('utf-8', 'replace')[-3000:]}"
        time.sleep(_POLL_S)


def _clear(folder: Path) -> None:
    """Take the engine's folders away, with whatever it left mounted there."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    ours = [line.split()[1] for line in mounts if line.split()[1].startswith(f"{folder}/")]
    for place in sorted(ours, reverse=True):
        subprocess.run(["umount", "-l", place], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def need(**packages: str) -> None:
    """Have these programs, each of a Debian package, which root installs where it is missing."""
    missing = sorted({package for tool, package in packages.items() if shutil.which(tool) is None})
    if not missing:
        return
    apt = shutil.which("apt-get")
    can = apt is not None and os.geteuid() == 0
    assert can, f"these tests need {', '.join(missing)}: install them, or run as root on Debian"
    print(f"installing {', '.join(missing)}", file=sys.stderr, flush=True)
    _quietly(["apt-get", "update", "-qq"])
    _quietly(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing])


def _quietly(command: Sequence[str]) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-3000:]
