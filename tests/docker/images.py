"""Images: Debian's, pulled or made here; the product's, built from the tree; and stand-ins.

A stand-in bears the public name of an image that cannot be pulled, and does what the compose file
asks of that one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.docker.engine import Engine, need
from tests.kafka.jars import jars

ROOT = Path(__file__).parents[2]
BASE = "debian:bookworm-slim"
PRODUCT = "liveloom"
_PULL_S_MAX = 120.0
_CERTIFICATES = "/usr/local/share/host-certificates.crt"
# What a slim image leaves out.
_LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt")


def build_product(engine: Engine, folder: Path) -> str:
    """The product's image, built as anyone would; gives its name."""
    ensure_base(engine, folder)
    file = str(ROOT / "docker" / "Dockerfile")
    engine.docker("build", "--network", "host", "-q", "-f", file, "-t", PRODUCT, str(ROOT))
    return PRODUCT


def ensure_base(engine: Engine, folder: Path) -> None:
    """Debian's image: as it is here, else pulled, else made of Debian's packages."""
    if engine.has_image(BASE) or _pulls(engine, BASE):
        return
    need(debootstrap="debootstrap")
    root = folder / "rootfs"
    engine.run("debootstrap", "--variant=minbase", "bookworm", str(root))
    for name in _LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
    # As Debian's own images have it: a package that is half there after a power cut harms nobody.
    (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
    changes = []
    certificates = os.environ.get("PIP_CERT")
    if certificates:
        shutil.copy(certificates, root / _CERTIFICATES.removeprefix("/"))
        changes = ["--change", f"ENV PIP_CERT={_CERTIFICATES}"]
    archive = folder / "rootfs.tar"
    engine.run("tar", "-C", str(root), "-cf", str(archive), ".")
    engine.docker("import", *changes, str(archive), BASE)
    archive.unlink()
    shutil.rmtree(root)


def _pulls(engine: Engine, name: str) -> bool:
    try:
        command = ["timeout", str(_PULL_S_MAX), "docker", "pull", "-q", name]
        engine.run(*command)
    except (AssertionError, subprocess.TimeoutExpired):
        return False
    return True


def build_stand_in(engine: Engine, folder: Path, kind: str, name: str) -> None:
    """A stand-in for a public image, of the folder `tests/docker/kind`."""
    here = folder / kind
    shutil.copytree(Path(__file__).parent / kind, here)
    if kind == "kafka":
        shutil.copytree(jars(), here / "jars")
    engine.docker("build", "--network", "host", "-q", "-t", name, str(here))
    shutil.rmtree(here)
