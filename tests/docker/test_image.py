"""The image is built for real, runs without root, and replays a log to the same decisions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.docker.engine import Engine

ROOT = Path(__file__).parents[2]


def ours(folder: Path, *args: str) -> None:
    """A command of the product, from this tree."""
    command = [sys.executable, "-m", "flows.cli", *args]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def test_it_runs_without_root_and_without_pip_s_leavings(docker: Engine, image: str):
    (found,) = json.loads(docker.docker("inspect", image))
    held = found["Config"]
    assert held["User"] == "10001:10001"
    assert held["Healthcheck"]["Test"][-1].endswith("healthy")
    assert held["Entrypoint"] == ["liveloom"]
    said = docker.docker("run", "--rm", "--network", "none", "--entrypoint", "id", image, "-u")
    assert said.strip() == "10001"


def test_a_replay_in_it_decides_as_here(docker: Engine, image: str, tmp_path: Path):
    log = tmp_path / "log.jsonl.zst"
    ours(tmp_path, "simulate", "--out", str(log), "--events", "5000", "--seed", "1")
    ours(tmp_path, "replay", str(log), "--out", str(tmp_path / "here"))
    tmp_path.chmod(0o755)
    log.chmod(0o644)
    strict = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none"]
    mounts = ["-v", f"{tmp_path}:/logs:ro", "--mount", "type=volume,dst=/var/lib/liveloom"]
    script = "liveloom replay /logs/log.jsonl.zst --out out --processes 2 >&2 && cat out/$0"
    said = docker.docker(
        *("run", "--rm", *strict, *mounts, "--entrypoint", "sh", image, "-c", script),
        *("decisions.jsonl",),
    )
    lines = [line for line in said.splitlines() if line.startswith("{")]
    assert lines == (tmp_path / "here" / "decisions.jsonl").read_text("utf-8").splitlines()


def test_its_health_is_that_of_the_flow(docker: Engine, image: str):
    """No flow in it: nothing to ask. A flow that does not answer: not well."""
    check = ["--entrypoint", "python3", image, "/opt/liveloom/bin/healthy"]
    docker.docker("run", "--rm", "--network", "none", *check)
    assert docker.docker("run", "--rm", "--network", "none", image, "--help").startswith("usage:")
    script = "python3 /opt/liveloom/bin/healthy; echo $?"
    alone = ["run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", script, "run"]
    *said, code = docker.docker(*alone).split()
    assert (code, said[:2]) == ("1", ["port", "9464:"])
