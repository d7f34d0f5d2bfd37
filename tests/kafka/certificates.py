"""An authority of our own, and a certificate of it for the loopback address."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
_DAYS = "30"


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files."""

    authority: Path
    certificate: Path
    key: Path
    both: Path
    """Key and certificate in one file."""


def make_certificates(folder: Path, name: str = "authority") -> Certificates:
    """Make an authority and one certificate that it has signed."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, authority_key = folder / f"{name}.pem", folder / f"{name}.key"
    request, key, certificate = folder / "server.csr", folder / "server.key", folder / "server.crt"
    subject = ["-subj", f"/CN=liveloom tests {name}", "-days", _DAYS]
    _openssl("req", "-x509", *_EC, *subject, "-keyout", authority_key, "-out", authority)
    _openssl("req", *_EC, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request)
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    signed = ["-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", _DAYS]
    _openssl("x509", "-req", "-in", request, *signed, "-extfile", names, "-out", certificate)
    both = folder / "server.pem"
    both.write_text(key.read_text() + certificate.read_text())
    return Certificates(authority, certificate, key, both)


def _openssl(*args: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
