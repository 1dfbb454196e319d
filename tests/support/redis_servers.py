"""Real Redis servers on loopback: one, a master with replicas and Sentinels, a Cluster. Not for: what is counted there.

A server keeps its data in its folder, so that one that was killed comes back with what it had.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from support.certificates import Pair
from support.gateway_process import eventually, free_ports

MASTER = "counts"


@functools.cache
def missing() -> str:
    """Why tests with Redis cannot run here; "" when they can."""
    return "" if shutil.which("redis-server") else "redis-server is not installed; type: apt install redis-server"


class RedisServer:
    """One redis-server. A context manager; kill() and start() in between as a test likes."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0, tls: Pair | None = None) -> None:
        """`arguments` are further settings, "--requirepass x". `tls`: its certificate; it speaks only TLS then."""
        self.port = port or free_ports(1)[0]
        self.folder = folder / str(self.port)
        self.folder.mkdir(parents=True)
        listen = ["--port", str(self.port)]
        if tls is not None:
            listen = ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            listen += ["--tls-cert-file", str(tls.certificate), "--tls-key-file", str(tls.key)]
            listen += ["--tls-ca-cert-file", str(tls.certificate)]
        self._command = ["redis-server", *listen, "--bind", "127.0.0.1", "--dir", str(self.folder)]
        self._command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always", *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._tls = tls is not None
        self._password = arguments[arguments.index("--requirepass") + 1] if "--requirepass" in arguments else None

    def client(self) -> Any:
        """A plain client to look at what is there."""
        import redis

        more: dict[str, Any] = {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False} if self._tls else {}
        return redis.Redis(port=self.port, password=self._password, decode_responses=True, **more)

    def counts(self) -> dict[str, float]:
        """What is counted, by key; marks left out."""
        with contextlib.closing(self.client()) as client:
            names = [name for name in client.keys("ai-gateway:*") if ":sent:" not in name]
            return {name: float(client.get(name)) for name in names}

    def total(self) -> float:
        return sum(self.counts().values())

    def start(self) -> Self:
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(lambda: self.ended() or self.answers(), f"redis-server; {self.folder}/log", 20)
        assert not self.ended(), (self.folder / "log").read_text()[-2000:]
        return self

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def answers(self) -> bool:
        import redis

        with contextlib.closing(self.client()) as client:
            try:
                return bool(client.ping())
            except redis.exceptions.RedisError:
                return False

    def send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and its port is free."""
        if self._process is not None:
            if self._process.poll() is None:
                os.kill(self._process.pid, signal.SIGCONT)
                self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


class Sentinels:
    """A master, two replicas and three Sentinels that watch them."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(6)
        self.servers = [RedisServer(folder, port=ports[0])]
        self.servers += [
            RedisServer(folder, "--replicaof", "127.0.0.1", str(ports[0]), port=port) for port in ports[1:3]
        ]
        self.ports = ports[3:]
        self._watchers = []
        for port in self.ports:
            file = folder / f"sentinel-{port}.conf"
            file.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor {MASTER} 127.0.0.1 {ports[0]} 2\n"
                f"sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n"
            )
            self._watchers.append([file, None])

    def __enter__(self) -> Self:
        try:
            for server in self.servers:
                server.start()
            for watcher in self._watchers:
                with Path(f"{watcher[0]}.log").open("wb") as log:
                    watcher[1] = subprocess.Popen(
                        ["redis-server", str(watcher[0]), "--sentinel"],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
            eventually(lambda: all(self._hurried(port) for port in self.ports), "the Sentinels", 20)
            eventually(lambda: all(self._complete(port) for port in self.ports), "the Sentinels to meet", 30)
            eventually(lambda: all(self._linked(server) for server in self.servers[1:]), "the replicas", 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for _file, process in self._watchers:
            if process is not None:
                process.kill()
                process.wait()
        for server in self.servers:
            server.kill()

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return [{"host": "127.0.0.1", "port": port} for port in self.ports]

    def master(self) -> RedisServer:
        """Whom the Sentinels name."""
        host, port = self._ask(self.ports[0], "sentinel_get_master_addr_by_name", MASTER)
        assert host == "127.0.0.1"
        return next(server for server in self.servers if server.port == int(port))

    def copied(self) -> bool:
        """Whether both replicas have what the master has now."""
        with contextlib.closing(self.master().client()) as client:
            return int(client.execute_command("WAIT", 2, 1000)) == 2

    def _ask(self, port: int, method: str, *arguments: Any) -> Any:
        import redis

        with contextlib.closing(redis.Redis(port=port, decode_responses=True)) as client:
            return getattr(client, method)(*arguments)

    def _hurried(self, port: int) -> bool:
        """Shortens a Sentinel's periods: found replicas and dead masters are noticed within a second."""
        import redis

        periods = ("info-period", 300, "publish-period", 300, "ping-period", 200, "ask-period", 200)
        try:
            self._ask(port, "execute_command", "SENTINEL", "DEBUG", *periods)
        except redis.exceptions.ConnectionError:
            return False
        return True

    def _complete(self, port: int) -> bool:
        state = self._ask(port, "sentinel_master", MASTER)
        return int(state["num-slaves"]) == 2 and int(state["num-other-sentinels"]) == 2

    def _linked(self, server: RedisServer) -> bool:
        with contextlib.closing(server.client()) as client:
            return client.info("replication").get("master_link_status") == "up"


@contextlib.contextmanager
def cluster(folder: Path, count: int = 3) -> Iterator[list[RedisServer]]:
    """Masters that share the slots evenly."""
    ports = free_ports(2 * count)
    with contextlib.ExitStack() as stack:
        servers = []
        for port, bus in zip(ports[:count], ports[count:], strict=True):
            options = ("--cluster-enabled", "yes", "--cluster-port", str(bus))
            servers.append(stack.enter_context(RedisServer(folder, *options, port=port)))
        clients = [stack.enter_context(contextlib.closing(server.client())) for server in servers]
        share = 16384 // count
        for number, client in enumerate(clients):
            last = 16383 if number == count - 1 else (number + 1) * share - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", number * share, last)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0], ports[count])
        eventually(
            lambda: all(
                info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == count
                for info in (client.cluster("info") for client in clients)
            ),
            "the Cluster to form",
            30,
        )
        yield servers
