"""Apache Kafka's jars, fetched by Maven once a machine and kept in the user's cache."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

from bench.cache import cached

_POM = Path(__file__).with_name("pom.xml")
_FOLDER = "kafka-4.1.1"
_FETCH_S_MAX = 600


class NoKafka(Exception):
    """Apache Kafka cannot be started here; the message says why."""


def jars() -> Path:
    """The folder that holds all jars; `NoKafka` where they cannot be had."""
    for tool in ("java", "mvn", "openssl"):
        if shutil.which(tool) is None:
            raise NoKafka(f"there is no {tool}")
    return cached(_FOLDER, _fetch)


def _fetch(folder: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies"]
    try:
        done = subprocess.run(
            [*command, f"-DoutputDirectory={folder}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_FETCH_S_MAX,
        )
    except subprocess.TimeoutExpired:
        raise NoKafka("Maven did not fetch the jars in time") from None
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip().splitlines()
        raise NoKafka(f"Maven could not fetch the jars: {said[0] if said else 'no word'}")


@functools.cache
def why_not() -> str | None:
    """Why Apache Kafka cannot be started here; None where it can."""
    try:
        jars()
    except NoKafka as problem:
        return str(problem)
    return None
