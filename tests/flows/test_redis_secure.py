"""The whole flow over TLS, as a user who may only what it needs, with secrets that nobody sees."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import cli, processes
from flows.failures import BadInput
from flows.secrets import with_password
from tests.flows.evening import evening
from tests.redis_servers import Server, keys_of, server, tls_server

SECRET = "s3cr+t@ /?#"

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """A command's exit code, and all that it wrote."""

    def call(*argv: object) -> tuple[int, str]:
        capfd.readouterr()
        code = cli.main([str(one) for one in argv])
        return code, "".join(capfd.readouterr())

    return call


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with tls_server(tmp_path_factory.mktemp("tls"), "adm1n") as made:
        yield made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "evening.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in evening(3, 400)))
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(SECRET + "\n")
    return path


@pytest.fixture
def settings(secured: Server, tmp_path: Path) -> Path:
    path, folder = tmp_path / "own.toml", secured.folder / "tls"
    path.write_text(
        f'[redis]\ntls_ca_file = "{folder}/ca.crt"\ntls_cert_file = "{folder}/own.crt"\n'
        f'tls_key_file = "{folder}/own.key"\n[flow]\nshards = 4\n'
    )
    return path


def let_in(run: Run, secured: Server, role: str, secret: Path) -> str:
    """Give the role's user what `redis-acl` says; the address under its name."""
    code, line = run("redis-acl", role, "--redis-password-file", secret)
    assert code == 0
    assert SECRET not in line
    with secured.client() as admin:
        admin.execute_command("ACL", "SETUSER", *line.split())
    return secured.url.replace("://", f"://liveloom-{role}@")


@pytest.mark.parametrize("count", [1, 2])
def test_a_replay_over_tls_as_its_own_user_and_a_look_as_a_reader(
    run: Run, secured: Server, log: Path, secret: Path, settings: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, count: int,
):  # fmt: skip
    begun: list[Any] = []
    popen = subprocess.Popen

    def noted(command: Any, *args: Any, **kwargs: Any) -> Any:
        begun.append((command, kwargs.get("env") or {}))
        return popen(command, *args, **kwargs)

    monkeypatch.setattr(processes.subprocess, "Popen", noted)
    login = ("--redis-password-file", secret, "--settings", settings)
    url = let_in(run, secured, "writer", secret)
    with secured.client() as admin:
        admin.flushall()
        admin.acl_log_reset()
        options = ("--out", tmp_path / "out", "--processes", count)
        code, wrote = run("replay", log, *options, "--redis", url, *login)
        assert code == 0, wrote
        asked = {entry["object"] for entry in admin.acl_log()}
        assert asked <= {"client|setinfo"}, "beside the client's own greeting"
        with server(tmp_path / "plain") as plain, plain.client() as client:
            options = ("--out", tmp_path / "plain-out", "--redis", plain.url)
            assert run("replay", log, *options, "--settings", settings)[0] == 0
            assert keys_of([admin]) == keys_of([client])
    assert len(begun) >= (count if count > 1 else 0)
    assert SECRET not in wrote + repr(begun)
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file() and _holds(p, SECRET)]

    url = let_in(run, secured, "reader", secret)
    assert run("status", "--redis", url, *login)[0] == 0
    code, shown = run("show", "user", "u1", "--redis", url, *login)
    assert code == 0
    assert "u1" in shown


def _holds(path: Path, secret: str) -> bool:
    return secret.encode() in path.read_bytes()


def test_the_address_may_come_from_the_environment(
    run: Run, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with server(tmp_path / "redis") as own, own.client() as client:
        monkeypatch.setenv("LIVELOOM_REDIS", own.url)
        assert run("replay", log, "--out", tmp_path / "out")[0] == 0
        assert client.exists("ll:health")
        assert run("status")[0] == 0


@pytest.mark.parametrize("role", ["writer", "nobody"])
def test_what_is_refused_is_said_without_the_password(
    run: Run, secured: Server, log: Path, secret: Path, settings: Path, tmp_path: Path, role: str
):
    url = secured.url.replace("://", f"://liveloom-{role}@")
    secret.write_text(SECRET + "not")
    command = ("replay", log, "--out", tmp_path / "out", "--redis", url, "--settings", settings)
    code, wrote = run(*command, "--redis-password-file", secret)
    assert code == 1
    assert "s3cr" not in wrote
    assert "AuthenticationError" in wrote
    assert f"127.0.0.1:{secured.port}" in wrote
    assert wrote.count("\n") == 1


def test_a_certificate_of_another_authority_is_refused(
    run: Run, secured: Server, log: Path, tmp_path: Path
):
    url = secured.url.replace("://", f"://:{'x' * 9}@")
    code, wrote = run("replay", log, "--out", tmp_path / "out", "--redis", url)
    assert code == 1
    assert "CERTIFICATE_VERIFY_FAILED" in wrote or "certificate" in wrote
    assert "x" * 9 not in wrote


@pytest.mark.parametrize(
    ("text", "line"),
    [(None, "cannot be read"), ("", "one line with a password"), ("a\nb", "one line")],
)
def test_a_password_file_that_holds_none(
    run: Run, log: Path, tmp_path: Path, text: str | None, line: str
):
    path = tmp_path / "password"
    if text is not None:
        path.write_text(text)
    url = "redis://u@127.0.0.1:1"
    command = ("replay", log, "--out", tmp_path, "--redis", url)
    code, wrote = run(*command, "--redis-password-file", path)
    assert code == 1
    assert line in wrote


def test_one_password_is_enough():
    with pytest.raises(BadInput, match="holds a password already"):
        with_password("redis://u:one@127.0.0.1", "two")
    assert with_password("unix:///run/redis.sock", "a b") == "unix://:a%20b@/run/redis.sock"
